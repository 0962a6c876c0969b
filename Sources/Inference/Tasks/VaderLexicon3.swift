extension VaderLexicon {
    /// Lines of a valence and the words that have it.
    static let part3 = #"""
        1 frisky fulfills gigglier giggly gracioso granted guarantee harmless heroicomic honorariums immortal
        1 impressionist interests jhomf jj jokes joyrode justifiably keenly loyalism luckiness magnification neater
        1 plays pleasers poised popularizers pressureless prizefighter prizer promisor readiness relaxant relaxations
        1 relievers resolvable richening sentimentalism sillier steadfast stimulates strongholds successiveness
        1 superiors surefire surety troubleshooter trustee trusties vigors virtuose vision warmers wells worshiper
        1 worshiping wowsers wp
        1.1 acceptability accepted actives agreed agreements amuser appease apprehensible assurers attachments beneficed
        1.1 benefices benignantly brightwork calmative certain chic chuckles chucklesome committed conciliated
        1.1 conciliates consolable create creates creation creationisms definite desired determinateness determinative
        1.1 determinator devotements divinations dynamics energy engager ensuring entitled excitatory faultlessness
        1.1 fearlessly fearlessness fervent fitness forgive forgiveness freedman freelancer freer freestanding
        1.1 freethinking gigglingly god grandee greeted grinned grinner gt happing helpers heroicomical humor humoured
        1.1 increased innocents invigorator jokey joyride lenient loyalists meriting meritocrats merrythought neatens
        1.1 neats outreach painlessly palatably partyers popularised profitabilities profitability promisees radiances
        1.1 relievable resolute respectiveness safeguarding safelight salient securement sentimentalized sentimentalizes
        1.1 significance smarty sociability solved solves strongly successionally successive successors supporter
        1.1 surprise surprising tnx tolerant txs vigor visioning vitalise vitalises vitally vitals warmed warms well
        1.1 willingness worshipfully yolo
        1.2 :-p absolve admiralty admits adventurer adventurists alert amorino attachment attractor attractors avid
        1.2 awardees beautician benevolentness blithe bolder champagne championed cheerio cheerleaders cheerleading
        1.2 cheerleads chuckled chucklers chucklingly comedians comforters commit convivial creating creditableness
        1.2 determinately devotional devotionals diviners doubtlessly dynamical dynamisms eased excitability excitants
        1.2 festivalgoers flatteries forgivers freeborn freedoms freelance frees gg glamorising glorioles gn gracility
        1.2 grandees hago heavenwards helping humored humoresque humorist hurraying idealize immune impressibility
        1.2 inspirators intellectualized intelligibly invigorations invigorators jaunty jocular join joke laughableness
        1.2 laughably libertinisms lucking magnifications neaten nicety ok opportuneness outgoing painless pardons
        1.2 partyer perfective playfulness popularising promisingly prospect prospects radiants relaxins respectableness
        1.2 restore restores restoring romanticizing securities sentimentalise sentimentality sentimentalization share
        1.2 shares singleminded sociabilities solidarity sparkling stable stamina succeeder supportive surer
        1.2 surprisingly surviving swiftly tenderers tolerance tranquilly treasure treasurerships trustors usefulness
        1.2 vital vitalities vitamin warmer wiser worship xp yeah yep
        1.3 :-) =p ability absolves acceptable acceptableness acceptation accepts achievable acquitting actively admiral
        1.3 adorner adornment adventure adventured adventuresomeness adventurously agreeablenesses amusers apologized
        1.3 assures assurgent attractant awarders benign benignity bolds boosts calm calmly calms comfortableness
        1.3 competent conciliating cool curious cutely desirable desirous eases easygoing embrace endorse endorsement
        1.3 entertain expand fair faithed fan fantasticalness favorer favouring festivalgoer flattering flexibly freebee
        1.3 freebees freedwomen fresh funnies funnymen gl glamorise gracing granting gratify greet harmonies harmonised
        1.3 heros honorers huge humorists idealizer importantly improvements improvers incentives increase inspirited
        1.3 intellectualistic inviting invulnerable joked joyriders kewl laoj leet meaningful meritoriously nbd
        1.3 neatening neatness novel nurturances optimally optimistic original pardon perfectionism perfecto
        1.3 pleasantries please popularization popularize pray profited prominent promise promiser protects radiantly
        1.3 redeemed reliefs relievo rescues respectfulnesses respects responsible riskless romancer romances
        1.3 romanticises romanticists secures securing sentimental shockproof smartie sok solution soothing sparkles
        1.3 spirited strengthen succeeders supported supremos sure surest sureties trustier truth vitality vitalizing
        1.3 wises wisewomen youthful
        1.4 :P advantaged adventures adventuresses adventurist adventurous agreeing applauds assurance assurances assure
        1.4 assuredness attractants badass benefic benevolently boosting brightnesses certainly charitably chuckling
        1.4 clevernesses contented contentedness creditabilities daringness delectables determined devote diamond
        1.4 dignities dynamist easefully easily endorses engage engaging enthusiasts excited exciters exultantly
        1.4 favorers flexibility forgave forgivingly freehanded funnyman gains gentler gigglers giver giving gladly
        1.4 glamors ha harmlessly harmonising harmonizing heavenward helper highlight honorary honorific humerous
        1.4 idealise idealizations idealizing importancy innocent innocently intellectually intelligible irresistible
        1.4 keenness lawl magnificoes meditative merited motivation neatly np ntmu nurture openness partied partier
        1.4 perfecta perfecters play played popularizes prays pride promotes proudhearted radiance radiancy reassurances
        1.4 reassure relaxers relievedly resolvers respectively restored revive robust safeguards safekeeping secure
        1.4 securely secureness securitized security shared solving strengtheners superiority tenderest thks validates
        1.4 validating value valuing vitalizes warmish welcomed welcomer wellsprings worships worthwhile
        1.5 :-p absolved acceptably admirals admires advantageous advantages adventurism affectionally affections agree
        1.5 amusement amusements apologizes applauded appreciators asset assured attract beneficences boldly boldness
        1.5 boosted brightens brightly calmer charminger cheerled comedy comfort contentment courtesy coziness
        1.5 creatively credited credits cutesier cuteys cutie daring devotement dynamically dynamistic eager ease
        1.5 easeful easygoingness efficiency elation encouraged encourager encouragers energizations engagingly
        1.5 enthusiast excitabilities excitable ez fantasticate festivals fiestas fit freehearted freemen giggled
        1.5 giggling gloriole grant gratifies greater grinning harmonics harmonizes honoraries humoristic idealities
        1.5 importance impressionistic incentive inspiratory intellectualization intellectualize intellectualness
        1.5 intelligencer intelligentsia intelligibility intelligibleness interestedly invigoration jewel jokester keen
        1.5 kissers kk like loyalist mercy natural niceties nurtural opportunely optimal optimizer perfectible
        1.5 perfectionist pleasanter popularizing praying privilege promised promoting ready reassurance reassures
        1.5 recommend relaxedly relaxes relieve reliever relieves relieving responsive restful romanticization
        1.5 safeguarded safeness safeties satisfactoriness satisfactory scrumptiously securer sincerities smartened
        1.5 smartens smartly smartnesses smile smileys sociableness soothe supportiveness supports surefootedness
        1.5 surprisal survivor sympathy tenderhearted thank thrill thrills thx tranquilities tranquilness truer
        1.5 trustfully tx validate vigoroso virtues vitalized warmness wealthy wellspring wised
        1.6 absolving accept acceptabilities acceptant accepting admiralties admirations admiring adores
        1.6 advantageousness advantaging agreeably alive amorist amusing apologise appreciativeness assuredly assuring
        1.6 astonished beaut benefits blessedness bold boldest brighter brightness calmed calmest calmnesses capable
        1.6 captivated charitablenesses cherish clear comedian comediennes commitment compassionated compassionates
        1.6 compassionating convincingly creations creativity credit darlingly dear delighting devotedly devotee devotes
        1.6 divinatory dynamic dynamism eagerly eagers easement easiness efficiencies elegancies enchanted energization
        1.6 ensure entertainer enthuse exonerates favorably favourer favourers flattered focused foolproof forgivably
        1.6 forgiven freedwoman freeness freest friendships funninesses gained glamorization glamorizers glorifiers
        1.6 graces gratification gratified greeting grinners growth harmonized harmonizer harmonizers helps holidays
        1.6 honourers hoped hopefulness huggable hugger humorous humors idealist impressionistically innocence
        1.6 innovation integrity intellectuals intelligencers intelligences jw kissed liveliness lts luckie lucks lylb
        1.6 merrythoughts motivate niceness nurturance ok opportunities optimisation optimises optimists optimization
        1.6 palatable partying passional peacekeeper peacekeepers peacekeepings perfects picturesque playfully
        1.6 popularise popularities positivism prettied privileges profitably profiting promisers promises promote
        1.6 protect relaxer relieved relishing resolve resolving respecters revives rewarder safeguard satisfactorily
        1.6 securitizes smarts sociably stressless stresslessness stronger stunning surefootedly thoughtful tranquilest
        1.6 trustily trustiness trustingly trustingness ty unified untarnished vindicates vitalization vitalize
        1.6 welldoers welling wiseliest worshipfulness worshipping xp xqzt yvw
        1.7 :-* acceptances accomplishes active admirers adorer adventuresome adventuristic amuse amuses amusive
        1.7 appreciate appreciations appreciatory approves astound attracts awarded beautifier beautifiers beauts
        1.7 beneficialness benefitted benevolence blessedly boost calming calmness carefree charitable charm cheerer
        1.7 cheerlead chuckle clarity clean clearly comedic comedies comforting comfortingly compassionately
        1.7 complimentarily compliments convinced convincing creativities creditably definitely desire determination
        1.7 devoted dignity divination dreams eagerness efficiently empathetic energizers engaged enlightens entertained
        1.7 enthuses exhilarating fantasticality favor favorited flirtation forgivable forgiver forgives freed freeman
        1.7 freenesses friended funnier gallant gga giggliest givers glamorize gracile grander hardy harmonize harmony
        1.7 healthy heavens help hilarious holiday honorer honorifics hopefully hugged humouring idealism idealistically
        1.7 impressiveness intellective intellectualities intellectuality interested interesting interestingly jollities
        1.7 justified kisser laugher laughers liking livelier livelong meritoriousness merits merrier merrymakers
        1.7 neatest nifty nurturant opportune optimised optimising pardoning parties party peaceable peacemaking pleaser
        1.7 pleases positivists pretties promising rapturous reassured reassuring reinvigorating relaxin respectably
        1.7 respectfully romancers romantic romanticise romanticised safest secured sincere smart smartening smarties
        1.7 smiler smiley special splendiferousness strengths strongish support terrifically thoughtfully treat trusting
        1.7 truthfulness valuableness values virtuosa warmest warmly welcomes wish x-p yeees yes
        1.8 accomplish admirer adored adventurousness affectioned agreeable agreeableness amorous amused amusingness
        1.8 applause appreciatively approved astounded astounding attracted attractions attractiveness awardee beatific
        1.8 beautifies beneficiaries bless cared championing champs charity cheerers comfortably comforted complimented
        1.8 creativeness creditable cutes dearly deliciousness devotions dignify divinities easier easiest efficient
        1.8 elegances encouragement energetically enjoyably entertainment excitant excitation excitations exonerate
        1.8 exonerated faith faithfully faiths favored favoring favorites favoured favours ff foaf forgivingness freebie
        1.8 freebies friending friendlily fulfilled funniness funning gaining generously genial gentlest giggle
        1.8 glamorised glamorizing grace gratefuller gratifications greetings hahas harmonic harmoniousness harmonise
        1.8 helpful heroines honesties honourer hopes hoping huggers hugging hurrayed idealistic idealization idealized
        1.8 ideally improver improves improving inspiring inspiriting intellects intellectualizes interestingness
        1.8 jollity kiss kissy lighthearted liked likes livelily lmbao lol lucky magnifico marvel mature merit nice
        1.8 once-in-a-lifetime opportunity optimisations optimizes peaceableness perfecter perfectibility popular
        1.8 popularizer popularly positivisms powerful proactive progress promoted qt reassuringly reinvigorates rescued
        1.8 respectabilities respective romantically romanticize romanticizes rotglmao safer safety satisfied satisfies
        1.8 saved sharing sincereness sparkle strengthened strengthener succeeded sunny talent tenderly tenderness
        1.8 thankfully tranquility tranquillity treasures true trustworthiness truths united usefully vindicated virtue
        1.8 virtuosas virtuosos virtuously vivacious warmhearted wellborn winnable winned wisely woot x-p yw
        1.9 8) <3 accomplished advantageously affectional affectionate agog agreeability appreciating attractive
        1.9 awarding beautification beneficial benefitting benevolences better blessers braved braves bright brighten
        1.9 brilliants championship charitableness charmer charms cheerfuller cherishers classy comforter commend
        1.9 commended complimentary considerate contentedly creative creditability creditworthiness cutenesses dearer
        1.9 dears deary deliciously dignitary easy effectively elegantly encourages energetic energising enjoyable
        1.9 enjoyableness entertaining entertainingly enthusiasm enthusing esteemed excitements exciter excitingly
        1.9 faithful faithfulness fame fave favour fearless fond fondly forgiving fortunate freely friendship fulfill
        1.9 funnily funny gallantly gentle gift glamours good hak handsomely harmoniously harmonization helpfulness
        1.9 heroizing honester honorarily hope hurrahed ideality idealizers impress improve influential innocency
        1.9 innovative inspirator inspires inspirit intelligential invigorate jovial keenest kissably laughings lively
        1.9 loyalties lucked luckier nicely nicer nurtured nurturer nurtures optimality optimise peacefuller playful
        1.9 pleased pleasurability pleasures popularized positivistic praiseworthily preciousness privileged profit
        1.9 profitable profits protected proudful reinvigorated rejoice relax respectable respectfulness rewarders
        1.9 richened richly romanticist romantics safe satisfaction satisfiable satisfyingly sentimentally smarten
        1.9 sociable splendiferously stimulating strongest sunshiny supporters supporting supremo surefooted surely
        1.9 thanked thankfuller thanks thoughtfulness thrilled tranquiler triumphalisms truest truly truster truthfully
        1.9 urw useful valued welcomely welcomers welcoming wellness wiseness worthy
        2 :) =-3 acceptance amorousness aok applaud attraction awards benefit blesseder braveries breathtaking
        2 brilliantines carefulness cares charmed cherishable cherishing clever cleverer compassion cute cutiepie
        2 dearness dedicated delighter delights devotedness devotion dignifies encouragingly energizing engagement
        2 enjoyments enthused enthusiasms excel fab fantastical fascinates faultless faultlessly fav favorite festive
        2 friendlier friendliness ftw gently gj glad glamourous glorification goodness graceful grand grateful
        2 gratifyingly gratz haha handsomer harmonious heroized hhoj honestly hugz humourous idealises idealizes
        2 impressively improvement innovates inspirers intellect intellectualist intelligent intelligently interest
        2 invigoratingly jewels jollies jollifications kindness kissable laughed likeable lmao luck lulz marvels
        2 merriments mirthfully mml motivated neat neatened noble nurturing optimisms optimized optimizing passion
        2 peaceably peacekeeping peacemaker pleasantry positivist praiser praisers prizes rejoiced relaxedness
        2 respectful rewardable romancing romanticizations satisfy satisfying serene sincerer sincerest smarter
        2 smartness smiling splendors sprightly strengthens suave sureness sweet talents thankfullest thrillingly
        2 triumphal triumphs truthful virtuoso virtuousness warmth wealthily welcome welcomeness wows
        2.1 =3 admire adorably adorers amazedly ambitious applauding approval ardent astoundingly astounds attracting
        2.1 attractivenesses beautified beautifuler beneficiary brightened champ charmers cheerfully cheerfulness cheers
        2.1 comedically comforts compliment confidently courageousness cutesy cutey daringly delightedness
        2.1 delightfulness devoting dignifying effective elegance elegancy elegant encouragements energised energize
        2.1 energizer energizes excite excites fantasticalities fascinated favorable festivities fiesta freeing friends
        2.1 glamor glamorises glamorized glamorously glories gorgeousnesses grandeurs gratefully grin harmonically
        2.1 heartwarming heroize honoree honourable honouring hug humoring humour hurrahs idealised impressed impresses
        2.1 improved inspirations inspiritingly intelligence invigorates invigorating jollify liveliest loyal loyally
        2.1 medal meritorious nicenesses okays optimistically optimizers peacefulness peaces peacetimes perfectibilities
        2.1 perfectively pleasantly popularity prettier prosperous proud radiant rejoices relief respect respected
        2.1 respecter rewards richnesses roflcopter romanticisms satisfactions scrumptious sincerely slaw smiles
        2.1 splendidly sweeties sweetly terrific thankfulness thrilling treasuring triumph trueness trustability trusted
        2.1 trustful trustfulness trusts valuable valuables vbg virtuosity vitalising vwp winners wise wisest woo wtg
        2.2 ;-* =) admirableness adorability adorable adorations affectionately agreement amazed amazements amazes
        2.2 amusedly attractively beneficently benignant blessing bravery care caring championships charities charmingly
        2.2 cheeriest cherisher cherishes compassionate confident congratulate courage cutesiest cuties darlings dearie
        2.2 devotionally dignified energise energises enjoy enjoyer enjoyers enlightened enthusiastic excelled
        2.2 excitement exciting fascination favorableness festival festively festivity friend friendlies friendly funner
        2.2 glorifies gracefuller gracefulness gratefulness hagd hagn hand handsome heroisms heroizes honesty honor
        2.2 honorability honorableness honorifically honoured honours hugs innovate inspired inspirer intellectualism
        2.2 invincible jollification joys kinder kindly kmuf laughing laughs laughter laughters lovelies merriness
        2.2 merrymaker merrymaking motivating nh nicest optimize passions peaceful peacetime perfectivity positivenesses
        2.2 praised preciously pretty prouder reinvigoration relaxed relaxing respecting rewarded richness romanced
        2.2 romanticism safely save splendorous splendour splendours splendrous strength strengthening succeed
        2.2 succeeding succeeds successfully sunshine superiorly supremest sweetie sweetness sweets triumphed trustiest
        2.2 trusty virtuosic wealth wealthier wealthiest
        2.3 :') :-D :3 :D =D admired admiringly adventuring amoroso amorously appreciated appreciates appreciation
        2.3 beautify beautifying beloved beneficent bl bravely bravest brilliancies cheer cheered cheering cherished
        2.3 cleverly cleverness comfortable complimenting confidence courageously courteous cuteness cuter darlingness
        2.3 dauntless delighted delightsome divinize earnest ecstasies ecstatic encourage energized enjoyed enjoys
        2.3 enlighten enlightening enterprising entertainments ethical excitedly flawless free fun funned generosity
        2.3 generous glamorous glorified glorifier gorgeously graciously gratifying gratitude heaven heavenlinesses
        2.3 helpfully heroes honest honorees honoring honors hooray hopeful humorously impressive inspirational
        2.3 inspirationally intellectual iyq jolly jollying joyance kfy kindnesses kisses kudos laughingly liberties
        2.3 luckily magnific magnificences muah passionateness perfecting pleasant pleasantness pleasantnesses pleasured
        2.3 positiveness positiver positivity prize prizewinner reinvigorate rescue revered smilingly splendidness
        2.3 strong sunnier supremeness supremer survived swak sympathetic talented tgif tia tops triumphantly triumphing
        2.3 trust trustable trustworthily valuably vip winningly woohoo xoxozzz
        2.4 =-D admirability adoringly affection awardable beauties beautifications beneficially brave braver champions
        2.4 charmingest cheerly congrats courageous creditworthy delightedly encouraging enjoying entertains
        2.4 excellencies fabulous fascinate fav festiveness gain generousness glamorizer glamorizes glamour gloried
        2.4 glorifying gracefully graciousness grandest grandeur handsomeness happier heroically heroics honorably
        2.4 humorousness hurrahing hurrays ideal inspiration jollied jollier joyfuller justice kind liberty lovers
        2.4 magnifical magnifically magnificence merrily merriment merrymakings optimist passionate passionately
        2.4 peacefully peacemakers pleasing pleasurable pleasurableness positively positives praises praiseworthiness
        2.4 prized prizewinners profitableness relaxation respectability rewarding rewardingly richer riches richest
        2.4 sexy sgtm sunniest triumphant vibrant virtuous visionary wealthiness winning wisdom worshiped yay yummy
        2.5 :* aas admirably admiration adorableness amaze amazement award beauteous blessings bonus brightening
        2.5 bwahahah cheerful cheerily cheeriness excellences excellency excelling excels fascinating fondness fwb gla
        2.5 glory heartfelt honorable impressing jolliness joyfully joying lmfao loyalty masterpieces merry mwah
        2.5 optimism peace perfections praising roflmao rotflmfao self-confident smiled superior treasurable tyvm
        2.5 welldoer winnings wowing ywia
        2.6 admirable adore adoring appreciative appreciator beauteously beautifulest beautifulness blesser blesses
        2.6 bonuses brilliancy cheerier cheery cleverest dearest delighters divine enjoyment enthusiastically fantastic
        2.6 friendliest funniest gallantry generosities gloriousness gracious hahaha handsomest happily happiness hero
        2.6 heroic hurrah inspiringly laugh ly lylas mirth pleasantest pleasurably positive positivities praise
        2.6 praiseworthy proudest proudly ptl remarkable rich romance rotfl securest sophisticated splendiferous
        2.6 successes supreme treasured trustworthy vwd wowed x-d
        2.7 aayf beauteousness beautifully benevolent bliss celebrate celebrated celebrates celebrating delicious
        2.7 delightfully divinest divinity excellent glorify happy heavenliest heavenliness heroine honour hurray iluaaf
        2.7 inspire jollily joyfulness kissing lmso lolz loves lovingness lylab merriest mirthful overjoyed perfect
        2.7 perfected perfection pleasure precious prettiest reward rofl romanticising sfete splendent success
        2.7 successfulness supremely tenderheartedly thankful warmheartedness wd wins won wonderful worshipped x-d xd
        2.8 alol amazing beauty beneficence blessedest brilliant charming cutest darling delectably delightful
        2.8 ecstatically exhilarates exuberant fabulousness godsend gracefullest heroism honored joy joyousness
        2.8 lifesaver lovely lover loverly miracle muah pleasuring pukka rejoicing rotflmao sete splendid successful
        2.8 sweethearts tenderheartednesses win winner wow xd
        2.9 adoration ambw beautiful bff blessed blissful blockbuster brilliance brilliances champion congratulation
        2.9 congratulations delectable delight divinely ecstasy ecstatics funnest gleeful gloriously gorgeousness
        2.9 heroical jolliest joyed joyful joyously lmao lol loved loving luckiest magnificent marvelous positivest
        2.9 rotgl soulmate super wonderfully wonderfulness
        3 amor brightest brilliantly enrapture exhilarated exultant gorgeous hallelujah heavenlier heavenly honestest
        3 jubilant lovable lyb outstanding perfectness prizewinning rotflol smartest splendor xlnt xoxo
        3.1 awesome excellence excellently great joyous lyl masterpiece peacefullest perfectest superb vbs
        3.2 best cheerfullest elated euphoric freedom glee glorious greatest happiest heart love lovingly paradise
        3.2 perfectly
        3.3 ecstacy euphoria hearts lya sweetheart
        3.4 aml ilu ily magnificently
        """#
}
