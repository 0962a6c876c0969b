extension VaderLexicon {
    /// Lines of a valence and the words that have it.
    static let part2 = #"""
        -1.4 uncertainties uncertainty undermines uneasier uneasily unequal unfortunately unimpressed unimpressive
        -1.4 unmotivated virtueless warning weaklings weaponed weeps wimp wisenheimers worrying
        -1.3 abandons accidents accusations aggress aggressions aggressively agitations agitative annoyance anti
        -1.3 awkwardly awol axed bereaving bizarre boredom bores boresome boring botherations bothered bothersome
        -1.3 boycott burdener chuckleheaded complainers conflict confrontation confronters confused confuses contradict
        -1.3 contradicted contradicting contradictions critical criticises cynically defeatism defeats defectors
        -1.3 defenselessness delay derails despair despairer despairers desperate disagreed disagrees discomforts
        -1.3 disguising disillusioning disjointed disliking disquiet disruptive distort distractable distractibility
        -1.3 distracts distrusts doubters dumbly dumping envyingly excruciated exhauster exhausters fatigues faulty
        -1.3 flunk foolhardiest forbid forbids fought freakier freeloading freeloads frenzy gagged ghost gossipped
        -1.3 gossips gossipy graveless gravest greedy grimly hardship hesitated hostiles humorless ignored ignorer
        -1.3 imperfect impersonal indecisiveness ineffectively ineffectiveness ineffectualness interrupters
        -1.3 interruptible interruptor interrupts intimidates isolated isolates jealousy lack lamentableness
        -1.3 laughingstocks leaked loner lonesomely loose loses loss lost louses lowness luckless misinformation
        -1.3 misinterpreted misunderstands mocked mockers mockery moodily morons mourned numbingly nuts obsessionally
        -1.3 odd outrageousnesses paranoiac perplexed persecuted perversion pettiest phobics pitied pitiers pressures
        -1.3 problematics provokes rants repressed represses resigns restricts riskiness risking scarers screamed
        -1.3 shakeout shocked shyness skeptical smh spiritless startle stereotype stinkingly straining struggle
        -1.3 stuttering submissive suspend tease tempers tension timidity trap tricksters uncertainness unimportant
        -1.3 unsettled unsurely viciously victims vultures walkout weakened weakeners weakening weakens weakling weepy
        -1.3 weirdie weirdoes whiney
        -1.2 :-/ accused adversative aggravating aggression agitational allergic amoralities antagonisms apathetic
        -1.2 apathy avoid ayor battled battlefront bittering borers censors childish collapses collapsing colluding
        -1.2 complaint confrontationists confusion confusional contentious cover-up critics crudely cuts deafening defer
        -1.2 deprivals derail derision difficulties disbelieve discourageable disorganized distract distracting
        -1.2 dominating dorkiest doubtfully doubtfulness doubts dumper dumpiness dynamiter embarrass ennui exclusion
        -1.2 exhaust fatalists fatiguing feeble freaked fume gossipry gravers graves graveyard graveyards grimed
        -1.2 hesitantly hiding humiliating ignorances immobilized impatient impose ineffectual inquisition interrupted
        -1.2 interrupting jealz lagged lamebrains lamenter lames lethargic limitation lossy lousily lowballs lower
        -1.2 lowlinesses madder maniacs manipulation masochists mia missed missing mistakenly nerd nervousness no
        -1.2 obsessiveness obsolete obstinate offence offend outrageously outrageousness pathetical persecutes
        -1.2 perversions pervertedly pervertedness pesky phobic piteous pitier pities pitifully pitifulness pity
        -1.2 pressure pseudoscience questionable ranter ranters rebellious rebelliousness refuse refused resenting
        -1.2 resents resignation resignations resigner restlessness sceptical screams screwer shakedown shakiest
        -1.2 short-sighted shynesses sillinesses skeptically skepticisms smog snobbishly stereotyped stinkers stop
        -1.2 strains strangely suspect suspiciousness teased teaselers teases tensely tensest trembly trickeries
        -1.2 trickiest trickiness uncertain underestimate undermine unsophisticated uptightness victimises vulnerably
        -1.2 warfare warnings weakish weapon weirdly whiner wimpiness wiseacre woesome worn worried worrits zzz
        -1.1 absentee alarmists alarms alas alienation aversions avoidances battling biased bitching blocked bored
        -1.1 boredoms charges chuckleheads collapsed collides collisions complainants contemptuousness controversially
        -1.1 cornered critic crudes cut defenselessly deniers deride devilments disguised disinclined disputes disregard
        -1.1 distorting dooms doomy dorkier dorky doubted drop dulling dullish dully dumpings embarrassedly envied
        -1.1 enviers envious envy exhaustions exhaustiveness exhausts exposing ferociously feudalistic feudist foolish
        -1.1 forgetful frights fud gossiped gossiper gossipers graver grievants guilt guiltily haunting hesitate
        -1.1 hesitation hesitations hoax hooligans ignorant ignorantness ignores immoralities impotent indecisions
        -1.1 ineffectually inferiority interrupter intimidatingly intimidatory irrationals itchy jerks killdeer lagging
        -1.1 lone loneness loomed lousing low lowliness masochisms melancholies misread mistaking monopolizes moodier
        -1.1 moronity nags naive nastiness nervous numbing numbness overstatement perversities pileup pique pitiable
        -1.1 pitiableness pitiably pitifullest postpones provoked pu pushy rebelling rebellions remorse restless
        -1.1 restriction ridiculousness rigidification rigorous risk risks sapfu sarcastically shitakes shockers
        -1.1 short-sightedness slash slashing smothery snobbishness solemnity stammerer struggler stubbornness
        -1.1 stutterers suing thorny toughly tremble trembled trickery trivialises trivialize underestimated
        -1.1 underestimates unresearched victim victimise vindicating vulnerableness warned weakside weary weepers
        -1.1 weirdos whorehouse woebegoneness wowser
        -1 accusation aches adversaries adversatives agitation alone amorally anxious anxiousness arguable arguably bore
        -1 cancel cancelled carelessly confrontationist contempts contradictable contradiction contradictor crazinesses
        -1 criticizable darkness degradable derides devilwoods diffident discard discards disguise disguises disillusion
        -1 distractions downside dud dulls dumbfounder dumbfounders dumbstruck dumpsters egotisms emptily envier
        -1 excruciates exhaustible expelled faithless fatalistic fatigue ferociousness ferocities flustered foolhardily
        -1 forbiddances gloominesses gossipmonger greeds grimace grimes haunts hesitancies hesitant humiliates hunger
        -1 hurtles ignorable inaction inadequately indecisive inhibitors inhibitory jumpy loused lowering lowly
        -1 melancholics moping mubar numbest obsess obsesses offended offense overreact paranoia paranoid perpetrators
        -1 perverting pessimists pityingly poisonwood prickle propaganda protest rebelled reluctant repetitive
        -1 repressiveness resentence resigned resigners ruining ruinousness sappy sarcastic sceptic screws screwups
        -1 severeness shamefast shockable shortage shy skepticism smugger snobbism sob squelched stammering stinkards
        -1 stinkbugs stinks struck stuck stutter stutterer stutters submissively supremacists swearing teaser tensed
        -1 tensing timid timider timidness torn toughish tragedians tremblers tremulous trickish tricksiness
        -1 trivialities trivializes unclear uncontrolled uncredited unsure weirdies wimpier wimps wisenheimer
        -0.9 aggressors anxiously apeshit apprehensions battlefields blocks cancels comedowns confronts confuse
        -0.9 confusing confusions contemptibility contradictorily criticisms dearths defeaters defiant delayed demanded
        -0.9 demanding disappear disappeared disregarding distractedly dizzy dodgy drag dynamited eery egotistical
        -0.9 exclude faithlessly feudalism feudalist forget forgotten glooms graved gravelled gravelly graven grimalkin
        -0.9 grimalkins grossly grouches hesitance hesitancy horrent huckster indecisivenesses inhibits insensitive
        -0.9 lawsuit libertine limited loners loom lowish lurks misses monopolized naggingly neuroticism numbed
        -0.9 obsessions obsessive oversell possessive postpone pressured pricking prickly pricks promiscuousness
        -0.9 protesters protests remorseful resigning revenged risked safecrackers safecracking sarcasm sarcasms
        -0.9 savagenesses screwing shakier shaky shrew shying shysters silliness skeptic slashed smothered sneaky
        -0.9 snobbish snubbing stammer stammered stopped stuttered subversive suspected tears tenses tensioners timidest
        -0.9 tits tricker trickster trivialization uncompelling unconcerned undecided unwanted vanity victimhoods
        -0.9 vulnerability vulnerable weaponry weirdest weirdness weirdy whined whining wimpiest wimpy
        -0.8 =| absentees accuse adversary adversely aggressor aversively bashfulness battlefronts battler bothers bribe
        -0.8 cancelling charged cheerlessly combats comedones comedown complaining confronted controversial cramp
        -0.8 derided devilfish devilwood droopy dumbbell dumbfounding dumpers empty envies envying exhaustibility
        -0.8 fascists faultfinder feudal feudalized feudary foolfish foolscaps freakishly freebooting fumers geek
        -0.8 gossipries gratings graveside grievant grimmest grimness grosses grouched indecision indifferent
        -0.8 inhibitions intimidate irreversible isolate jerked lameness liabilities liability litigation litigious
        -0.8 lowball lowdown lowed lows lurk mischiefs miserere mistakable mocker mongering monopolize nimby nosey
        -0.8 offensives overselling overwhelms petty pissoir pityriasis postponed pressurises prickles prickling
        -0.8 promiscuities provoking rebels resentenced resignedness rigidifications risker risky ruderal scarecrow
        -0.8 scepticism shakeouts shyer slashes sobering stall stalled stalling stammerers stammers startler stinkhorns
        -0.8 strainer strange strongyloidosis sulky teaseled teaseler tensional timorous toughs trickily tricksy trite
        -0.8 trivialise trivialised unaware unbelieving unstoppable vociferous warmouths wellaway zealots
        -0.7 :-| accusing amoralism amoralisms anxiety apprehensiveness avert avoids awkwardness complainant confront
        -0.7 daze dazed deferring depressurizing dilemma discarding dominative doomsayer drags emptied emptier emptiers
        -0.7 empties exaggerating exhaustively ferocity feudalizing feudists flees franticness freeboot freeloader
        -0.7 fumelike gossip gravestone grimiest grimily griming grossularites hide hides homesick ignorers indecisively
        -0.7 indoctrinating keening lowballing lowborn lowse neurotics nimjd noisy noyb numbfishes numbs obsessed
        -0.7 obsessives overreaction overstatements overwhelm paranoiacs passively pressurize pressurizers puzzled
        -0.7 remorsefully remorsefulness resent resignedly rigidified rigidities rigidity rigidly riskily robed
        -0.7 safecracker safecrackings scarecrows sceptics seriously shake shakily shakiness shaking shockingly
        -0.7 shylocked shyly smarting snobbier solemnized startled stinkpots submissiveness suspecting teasers thwarting
        -0.7 timidities timidly toughie touting trickier trickishly trickledown trivializations walkouts warship weird
        -0.7 weirdnesses
        -0.6 adverseness affected aggressing aggressive aggressivity anxieties apathies awkward battlegrounds
        -0.6 bitterbrushes bittersweetness censored challengingly cock confronting confusedly craze crush defensively
        -0.6 devilfishes dreadnought dumbcanes dumpcart dumpster emptying exaggerate exaggerates expose falling fatalism
        -0.6 feudally flunkeys fumette geeky giddy gigo gloomy hardier heh hurtled immorality indoctrinates killdees
        -0.6 lawsuits looms looses louseworts lowboys lowbrows miss moan moans nervously oversimplify perverters
        -0.6 pressurise pressurising pricked prickliness pricky profiteering rebel resentences rigidifies screwier
        -0.6 sentencing shakeup shittim shocker shortages solemnizing stopping stops strikers stubbornest toughies
        -0.6 trembler tricked tricky trivialized trivializing viciousnesses victimologies vulnerabilities wavering
        -0.6 weakfishes weirds whiners wisecracking worshipless
        -0.5 aggresses alarming antagonizes barrier battleships battlewagons bitterweeds cocky colliding contradictories
        -0.5 crazed crazing cutting damnedest dazedness demand depressurize detached dithering dominate dominatrix dorks
        -0.5 dumbing exhaustive exposes fatalist feudality feudalize feudatories foreclosure freemartin gravel graveled
        -0.5 gravels gravestones ineffective inferiors ironic isolations lamenters looming lowered lowers lowing lurking
        -0.5 melancholia misericordes monopolizing nbif offline overwhelmingly oxymoron perversenesses pitilessness
        -0.5 postponing pricket profiteered protested rapeseeds rebellion rig rigid screwers screwiness shakeups
        -0.5 silencing snobbiest solemnified solemnifies startlement startlers startles strike tenderfoots tough
        -0.5 toughing toughy tout tragedian tranquilizing tricks tricksier triviality trustbuster unconfirmed
        -0.5 victimologist warships weirder wisecracked
        -0.4 :o :| amusias apathetically averts axe bailout battlement battlements bias bitterns bitters blah blurry
        -0.4 borer cautious challenged constrained costly dazedly defensemen defensiveness depressurizations dodging
        -0.4 dominators dreadlock dreadnoughts embittered exaggerated exploit ferocious feudalities flirter foolfishes
        -0.4 freaks freebasing freezing fumets funky geeks grating graveling gravelling greenwashing grossed grrr hard
        -0.4 hid idk imposes imposing impressment indoctrinated inhibited inhibiting isolator isolators killocks liards
        -0.4 lowerclassman lowlander moaned moaning nah neatherd nerves numbfish obsessively paradox parley pay
        -0.4 peculiarly petrifications pressurised pretend pretends questioned questioning ragee reluctantly rigorously
        -0.4 ruderals screw screwworm shook skeptics stinkweed stunned teaseling teaselled teasingly tenderfeet
        -0.4 tensioned thwarts tragedienne tranquilizers trickie trickinesses trickishness vague victimologists vigorish
        -0.4 warn warns weepie
        -0.3 8-o accidental alarmism apologizing apprehensively averted battlewagon bittersweet boreal borecoles collide
        -0.3 complacent confronter cynics dazes defensives depressurization depressurized depressurizes determinantal
        -0.3 dominations dumbcane dumbfounds dumplings dwellers dynamites emptins exposed fainthearted feudalization
        -0.3 feudaries flatterer foemen freewheelers friendlessness grievers grosser grossing grossular grossulars
        -0.3 hurtle imposed inhibitor killock lobbying lowlanders lowlights lowlihead maniacal mediocrity meh
        -0.3 melancholic petrifactions pettier pressurizations pricker promiscuous rainy repressurize rigidify rigidness
        -0.3 screwballs serious shakeable shaken shitake shittimwood snobbisms solemn sorry startlingly stealth
        -0.3 stealthier stealths strainers teasing tmi toughest trickly trivium unmatched wimples winnow wisecracks
        -0.2 amorphous amortised apprehensibly backs battlers bitterbrush bittern bitterroots bittersweets blam borecole
        -0.2 boreholes champac champaks champerty clouded craziest defences domination dominatrices dragged dreadlocks
        -0.2 dumbbells feudalisms fighters flirted freebooters gratingly impatiens indifference inhibin irony joypop
        -0.2 leave lowdowns lowercased lowrider ludicrously nerdier nerdy nimq noob panicles pressurizes pressurizing
        -0.2 prickers prickled screwball seriousness stinkbug stinkhorn strain swear teaselling tenderloin toughens
        -0.2 toughness touted tragicomic tranquilized tranquillized tranquillizers trick trickling wag warsaws weakfish
        -0.2 wimpishness wimple winnowers winnows
        -0.1 adversatively agitato amazons amortize awaited bashful battleship boldfaced borescopes btdt champer
        -0.1 champerties chilling crazier creditor dominances dumbfound dumbwaiters dwells feudalizes feudatory
        -0.1 flirtations flirtatiously flirtier foetal freebase freeloaders freezers freezes fumes funneling funnelled
        -0.1 geekiest grossularite hysterical joypoppers killdeers killie killifish killifishes lamella lamellae
        -0.1 lamellibranchs longing lowland lowlands nerdish opportunistic overlooked panicums petrification preventing
        -0.1 prizefight prizefighters repressurizing richweeds screwworms sentenced sillibub sillily stealthy stinkwood
        -0.1 suretyship teasel teasels tenderfoot thwarted touts tranquilizer tranquilizes tranquillizer trembles
        -0.1 trivial unbiased warsaw wellhole winnower winnowing wiseacres wisecrack wisecracker
        0.1 :-o aboard acquits amorists amorphously amortises backed backing boldfaces boldfacing boreen brooding
        0.1 commits creatin defenseman defensibly defensive dwelling faille freeholders funnel funneled funnelling
        0.1 graticule harmonicas heron heronry keens killick lamedh lamellas libertarianisms libertarians lobby
        0.1 lousewort lowriders matter matters misericorde nasturtiums oversimplifies panicled paniculate peculiarities
        0.1 perfectionists piqued pressurized pressurizer prevent prevented reach repressurized repressurizes retained
        0.1 richweed screwdrivers screwlike securitizations shittah sigh sillimanite silly smartweeds solemnifying
        0.1 stealthily strongyls stuns successions tenderize tenderized thrillers toughen toughened tranquillizes
        0.1 tricking trickled warstle weaponless wellhead whitewash wisecrackers withdrawal
        0.2 affronted amazonite amazonstones amoretti amortizations apologising apology ayc bashfully benignly boreens
        0.2 calmodulin champaign champignons compelled contend crazes creatine delicate determinableness determinant
        0.2 discounted dominantly dominants dominates dumbwaiter dynamiting escaping excitonic exhaustless foehns foetus
        0.2 foetuses freeway freewheeler freeze geekier graticules gratins gratis grey impressionable infatuated
        0.2 isolatable joysticks lamellibranch laughable libertinage nastic neath numbat opportunisms opportunist
        0.2 oversimplification overwhelmed radians reaches relentless resentencing securitization sentences sillimanites
        0.2 smartweed smugly startlements stealthiness strongyles supremacy swears teashops teaspoon teaspoonful
        0.2 tenderization tenderometer tenderometers tragicomedy tranquil trickles vitalism warmblooded welly
        0.3 amorettos amorphousness amusia authority awaits boldface challenge challenges champertous charmeuse clears
        0.3 comedo committing convincers defenders diviner diving dweller dynamometer dynamometers dynamometric dynamos
        0.3 easel energetics excitative exciton excuse explorations flatterers freeboard freemasonry freestyles
        0.3 freewheeled fumeless hail hurtless intense keened landmark lowercase mandatory number opportunists oversells
        0.3 passionflower pensive pls plz pmfji prevents prickets prizefights safetyman screwbean screwdriver securitize
        0.3 sentence shakers slickest smilaxes solemnify solemnities solemnize startling strongboxes surprisers teas
        0.3 teaspoonsful tenderizes tenderizing tolerances toughnesses tranquilize trustees verdicts victimology
        0.3 vindicate vitalist vitalists want welladay whimsical wiseguys
        0.4 admitted anticipation apologised apologize await beauticians benefice beneficiation brights bwahaha bz
        0.4 challengers champignon charmeuses cleared creatinine darings defence defenceman defender defensibility
        0.4 delicatessen delicatessens demonstration dumpling dwelled dynamiters easements enthral exempt expands
        0.4 fantastico flagship flatter flattery flirtiest freelancers freelancing freesia freesias freestyler fumet
        0.4 funnels fysa gracilis gratin importancies isolationism kidding legally libertarianism libertines longings
        0.4 meritocrat nasturtium numbles opportunism painlessness passionflowers pretending prizefighting profiterole
        0.4 promisors radian reached resolvents safes sentimentalising sentimentalisms sentimentalizations slicker
        0.4 speculative stealthiest suprematists suretyships teaspoonfuls tenderizer tenderloins thriller tolerantly
        0.4 treasurers treasurership trivially trustor vigorishes vigorousness vigours warmouth warmup welled wellies
        0.4 wisents yoyo
        0.5 adorns ambivalent amortise amortizable assuror calmatives carefully challenger champagnes champaigns
        0.5 champers commitments contender creationists daredevil defense devotees divinise dwell escapes excitor
        0.5 exclusive extends feeling fervid flirtatious freehand freeholder freewheel freewheeling funnelform
        0.5 harmonicist herons idealogues impressionisms impressionists impressments joker keener laidback launched
        0.5 legal lowe outmaneuvered panicle popularises profiteers profiteroles reliant soothed stronghold strongmen
        0.5 supremacist teaspoons tendered tranquillities treasurer triumphalist troubleshoots trusteeship unequaled
        0.5 vigorously wellheads wellsite yearning zealous
        0.6 activeness amoretto amortization amortizes benignancy blamelessness brisk careful challenging comedienne
        0.6 contestable convincer crediting defencemen delicates dignitaries dominatrixes dynamometry dynamotor
        0.6 emotional engagements engrossed fighter flatters flirtatiousness flirters flirty freewheels giggler graciles
        0.6 greets guiltlessness harmonica honoraria humoral idealising impressure indestructible infatuation
        0.6 intellection intricate invite joyridden keeners meritocracy methodical mmk nerdiest numberable peculiar
        0.6 peculiarity perfectas rapture ratified scoop securers slap smilax solemnizes solid strongyl surpriser
        0.6 tenderer tendering tenders tensionless trusteeships verdict vested victimless vitalised warming wishes
        0.6 worshipper
        0.7 adopt adopts amazon amusable assets assurors blameless casually champing cleaner competitive convinces
        0.7 convincingness creationism defenses dynamite escape excelsior extend favoritism favoritisms flirts
        0.7 freeboards freedmen freehold freelanced freelances freemasonries freestyle freeware fumer growing
        0.7 guiltlessly heronries honorarium idealists ijs inquisitive iou isolationist joyrider joystick longingly
        0.7 offenseless partiers peaceniks perfectionistic pmji privileging profiter raptures relaxants resolved
        0.7 resolvent resolver resolves securitizing sentimentalists smarted solemnization solutions spirit stout
        0.7 strongbox strongman surprisals tenderheartedness toughed tougher troubleshooting vigilant worshipful
        0.8 ;D acquit activenesses admit adorned adornments adventuress agrees amortized amortizing amusingly apologises
        0.8 bargain brilliantine casual chances chuckler crazyweed creationist debonair defensible determinate
        0.8 determinations divined divines dominance doubtlessness entrusted excitons fine flawlessly flirting freebased
        0.8 freebases freestylers freewheelingly freewriting fyi giggles glamourize guiltless harmlessness harmoniums
        0.8 idealisms idealogy ideals important impressible impressionism inspirits intact intellections intellectively
        0.8 intellectualists intellectualizing invigorated jho joyrides jp livelihood nurturers palatableness passive
        0.8 peacenik playing pmbi prizers profiteer promisee radiancies reaching recommended retreat richens safelights
        0.8 sentimentalised sentimentalist sentimentalize sentimentalizing significant sillies silliest smug solemnly
        0.8 solve substantial succession superiorities supremacies swift top tranquillest tranquillizing treasury
        0.8 troubleshoot troubleshooters unbelievable urgent vitalizations warmups worshippers xtc
        0.9 ;) acceptations adequate adorn adorners adventurers allow appeased appeases assurer attractancy audacious
        0.9 awarder benignities blamelessly boldnesses buoyant certainties cheerleader clarifies compassionateness
        0.9 compelling consent decisive determinable determinably determinatives divining doubtless dynamists dynamitic
        0.9 energies exhaustlessness exploration fad flexible freeform graced grants grins hailed harmonicists harmonium
        0.9 harmonizations hhok humoresques impression impressions innocenter intrigues jk jokesters joking joyriding jt
        0.9 libertarian livelihoods lown loyalisms musm okay opportunistically optimizations pardoned perfectiveness
        0.9 perfectives popularizations prepared profitwise promissory raptured recommends romanticized sentimentalities
        0.9 spark stimulate stimulated straight successional successively successor surprised surprises tendernesses
        0.9 terrorless toughening treasuries triumphalists validated vigour virtuosi visions warm wilco wiselier wishing
        0.9 worshipers worth
        1 :p ;-) abilities acquitted adorning advanced advantage alright amazonstone amoristic appeasing beneficiate
        1 bffn brightener brighteners certainty champed champy chance cleverish comprehensive conciliate consents
        1 convince created cutesie dearies delicately determinacy dream easing endorsed engagers engages entertainers
        1 excitableness exonerating favors flatteringly flexibilities freeholds freers freethinker freethinkers freewill
        """#
}
