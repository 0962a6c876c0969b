// The words and their valences are of VADER's lexicon (vaderSentiment 3.3.2), which has this licence:
//
// The MIT License (MIT)
//
// Copyright (c) 2016 C.J. Hutto
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all
// copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
// SOFTWARE.

extension VaderLexicon {
    /// Lines of a valence and the words that have it.
    static let part1 = #"""
        -3.9 rapist
        -3.8 raping slavery
        -3.7 fu kill murder rape terrorist
        -3.6 hatefulness hell motherfucker murderer raped rapers terrorism
        -3.5 fatality killed killings rapes suicidal suicide torturers
        -3.4 apocalyptic brutalizing cancer catastrophe devil evil evilly excruciation faggot fucked horrific killing
        -3.4 murdered raper shittiest tragedy twat villains
        -3.3 dead devastating evillest excruciating fucker heartbroken horrifyingly killer killers murderers murdering
        -3.3 nigger rapists terrorised terrorises terroristic terrorize whore
        -3.2 abuse abusive betray brutalises brutalizes devastative doomed dreadfulness faggots fatally fuckface fuking
        -3.2 hated hatred hellish kia murderee murderous pissed scumbag terrorisms
        -3.1 abhorrent angriest brutal bullied cocksucker crisis devastate dickhead direful disaster enslave evildoer
        -3.1 evildoing evilness fuckhead fucktard hopelessness molests murderees murderously poisoners racism shithead
        -3.1 sluttiest terrorise terrorists terrorized terrorizes vile violence worst
        -3 </3 abusivenesses bastards betrayed bitchiest brutality brutally destructive devastated disgustedly dismal
        -3 douchebag dx foetor fubar horridnesses infuriated murders racist saddest terrified terrorising terrorizing
        -3 torturing traumatization whores
        -2.9 abhors afu anguish assassination bitches brutalised brutalize bullying cruellest cruelness cruelty cunts
        -2.9 death devastators die disastrous disgust disgustingly drowned eviller excruciatingly fatalities fuckers
        -2.9 harshest havoc horrifically horrifies irate molestations murderousness obliterate poisonously sinister
        -2.9 torture villainess villainously violent war warmonger wickedest
        -2.8 abduction abusively assault assaultive assholes betrayal bitch brutalising bullshit condemnation contempt
        -2.8 cruel cruelly damnified degrading devastates devastator devilry deviltry dooming doomsday enraging ffs
        -2.8 fraud greediest harassers heartlessly heartlessness horrendous jackasses maddest miserableness molesting
        -2.8 motherfucking obscene offensively perverts poisoning rageful remorselessness repulse ruin ruinate scams
        -2.8 slut sob stab traumatically traumatise ugliest violently warmongers whored wtf
        -2.7 agonizing anger anguishing antagonizing assassinations attacker attackers bastardly bastardy bfd bitchery
        -2.7 brutalise chaos corpse criminals crude degradingly depression despaired despairs despising destruction
        -2.7 devils dishonest dreaded dreadfully drown evils excruciate fearing fuming furious fury grievousness grim
        -2.7 hate heartbreak horrifying horror horrors humiliation injustice insanity joylessness laziest loathing
        -2.7 miseries misery moronic negative nfc painfulness pathetic poisoner poisonous poisons retarded ruination
        -2.7 ruinous scam sluts sluttier son-of-a-bitch stealing terrifying terrorization torturous totalitarianism
        -2.7 tragically traumatic travesty treasonous ugliness unlovable villainousness virulent weep wrathful
        -2.6 abuser abusers abuses alarmingly ban bankrupt bastardising bfe bitched bitchily bitchiness brutalities
        -2.6 cheating cocksuckers compassionless crappy cruelest damnation damnatory destroying destroys destructionist
        -2.6 died disasters disgustful distraught dumbass dumbhead enrage fascist fired gloom harassments harmfully
        -2.6 harmfulness harming humiliatingly hurtfully idiotic illegal infuriates killingly lousiest lowbred
        -2.6 miserliness murderesses nastinesses nasty perversity petrifying po prejudicial punishers punishing rage
        -2.6 rancidity rancidness riot rob robber ruinously sadden savageness shamed shit shitheads shitty sin sinful
        -2.6 starved stressfully stupidnesses terriblenesses terribly terrifies terrors tortured victimizing villain
        -2.6 villainy violater wars whoremonger woebegone
        -2.5 abusiveness aggravate ass assaults assfucking bad bastard betraying betrays chastise cheater choke
        -2.5 crestfallen crime curse dangering despisements destroy destructing enemy evildoings evilest fail fatal
        -2.5 fearfullest felonies felony fraudster fuck fuked goddam harassed harasses harassing harassment harm
        -2.5 horrible horrid horrified horrify hostility humiliate joyless kills lamebrained livid lousy outraged
        -2.5 perverted petrified pissants poison poorest prisoner racists rancid rancidly rejection rudest savagery
        -2.5 sickened sluttishness snafu sobs sorrowfulness stinkpot strangled stupider suffer tard tortures troubling
        -2.5 uglinesses unhappiest victimising victimize violating wanker warmongering whoresons
        -2.4 abandonment abhorred agonises appall arrogance assaulted bastardization bastardize brutalized casualty
        -2.4 conspiracy contemptuously criminal crudest crueller damnifying damnit danger dangered degradation
        -2.4 dehumanizing despisement destruct destructively destructiveness destructs devastatingly devilkin dirtiest
        -2.4 disgusted disgusting dissatisfying distress distressfulness distrusted doomsdays dreadfuls dreading
        -2.4 dullsville evildoers fkm foreclosures fraudsters frustrated goddammed harasser horribleness horribly
        -2.4 humiliations hurt hurtful indignation infuriating liars loneliest loser losers lying mofo mourns naggiest
        -2.4 nastiest neglected nfw painfully pita poisonings prejudicialness puke punish raging reek retard revenge
        -2.4 revengeful sabotage saddened sadder savages scandalous shamefulness sickening sorrow sorrowed spite spited
        -2.4 stenchful stinking stupid stupidest sucker sufferers swindle terror thief threat threatening tragical
        -2.4 trapped traumatised traumatism traumatize unhappier unhappiness unhealthy viciousness violated violaters
        -2.4 violations violative violator warred weepiest whoredoms wicked wth
        -2.3 abducted abused agonised agonize agonizes agonizingly angered angers angrier angry assaulting bastardised
        -2.3 bastardises bastardizing bitcheries bitchy bitterest blameworthy brutalizations cheated condemns crueler
        -2.3 cruelties cwot damaging dearth dejecting depressed depressingly despairing destroyers destructions
        -2.3 devilishness devilled dick disappointment disconsolate disheartenment disturbing disturbingly doa
        -2.3 downhearted dumb dumbest effin egotist failed failing failure fiasco foetid frauds fraudulence frightful
        -2.3 grieving grouchiest hatefully hating horridness hurter idiot ignoramuses impolitenesses incompetence insult
        -2.3 insulted insultingly irritant irritation lazier liar molester mourningly nastier negativity numbskull
        -2.3 obnoxiously offending offensiveness outcry outrage outrages pain panic pervert petrifies pollute poverty
        -2.3 prblms prejudice prison prisoners punitive regrettable rejected rejectee remorseless riots rotten
        -2.3 shamefaced shamefulnesses sick slutty sorrower sorrowfully spitefully spitefulnesses starves steals stench
        -2.3 stenchy stinkard stressful stricken stupids suckers terrify thieves torturer traumatizing troublesome
        -2.3 trustless ugly unethical unjust unloving unprofessional victimization villainies violates weakest worsen
        -2.2 :'( aching agonized angering annoyer antagonistically arrogant blaming bomb bsod bully catastrophic chaotic
        -2.2 chastised collapse contemptuous cunt damage damnify damns dangers darkest deject dejected depress depresses
        -2.2 depressions despairingly desperations destroyed destructivity deviling disappointing disgrace disheartened
        -2.2 disheartenments disheartens dismaying disparaging dissatisfaction dissatisfy distressful distressingly
        -2.2 dolorous doomsdayer doomster drowns enemies failings fear feared fearful fearfuller fearfully feuded fools
        -2.2 fraudulent frightening grief grouch harass harms harsher hateful haters heartbreaker heartless heroin
        -2.2 hopelessly hostilely illnesses imbecile infected infuriate insulting jailed loathe lousier lowlifes lunatic
        -2.2 mad maddening masochistic menace miserable molesters moron murderess neglects numbskulls overreacts
        -2.2 perpetrator perversely pitiful poisoned pollutes powerless prosecution punishment qq rejects repressors
        -2.2 repulsed revengefulness rudely saddening savagely scandals scare scary screwed shameful sickener sickeners
        -2.2 sluttish sorrowful spammer steal stealers stolen suffered thieve threateningly torturously tragics traumas
        -2.2 traumatises traumatizations troublemakers uglier uglification uglifying unhappinesses uninvolved violate
        -2.2 violation wasted whoreson wickeder wickednesses
        -2.1 accident agitators agonise amort anguishes apprehension arrested ashamed attack badly bankster bastardise
        -2.1 bastardizations bereave bereaved blamed blamer broken brutalization btd choked cry crying dangerous
        -2.1 defeated defeatists defectively degrades depressively deprival deprive deprived despondent destructionists
        -2.1 devilish dipshit disabling disadvantageously disappointed disdain disgusts distrustful distrusting
        -2.1 disturbers doomful eviler fag fake faultfinding faultier faultiest faults flawed flunked foetors freakish
        -2.1 frighteningly frustration fucks gloomful glum goddamn goddamns grievance grieves gross grossest harmed
        -2.1 haunted heartbreakers heavyhearted helplessness hooliganism horribles hostilities hurts immoralist
        -2.1 immorally incompetent infringement irrationalist irritable irritants jeopardy killjoy libelous loathed
        -2.1 lowlives lugubrious maniac miserably molest moodiest nasties neglectfully nme obliterated obnoxiousness
        -2.1 oppressed persecute perverseness perversive pitilessly poor punishes rages rejections resentful revenger
        -2.1 ruder ruined sad scaremonger selfish shame shattered shits shittier shylock sickeningly sluttishly smartass
        -2.1 smuggler smuggling snubs spamming stinkiest stressors suckering suffering suffers suspended terrible
        -2.1 thieveries totalitarian troublous troublously uglify uglily uneasiest unfair unlovely unpleasant upsetting
        -2.1 vitriolic weakliest whoredom wickedly wickedness widowed woefulness worrit worse worsens wrong
        -2 abandoned abductions abhor abusing affectionless agitated antagonize appalled appallingly arguing attacked
        -2 attacking awful banned bastardized beating belittled bitchier bitterly blamers censor cheat chokes choking
        -2 contagion contemptibilities coward crudeness crudenesses cruder damagers damagingly damningly dangerously
        -2 dangerousness deceit defeat degradative degrader degraders dejects depriving desperation despises destroyer
        -2 dire disappointments discouragement disgraced dishearten dishearteningly disparage disrespected
        -2 dissatisfactory dread eviction exploited failures falsify faultily foes foolishnesses forced frustrate
        -2 frustratingly frustrations greedier grieved grievous grimaced grouchier grouchiness guiltier heartbreaking
        -2 helpless heroinism hopeless hypocritical immoral imprisoned incensed inferiorly insipid insulter insulters
        -2 irritated irritating irritatingly irritative jealous jealousies jealously lamely lament lamenting lowlight
        -2 melancholiac misrepresentation mocks neglect neglectful neglectfulness obnoxious offends offensive outrageous
        -2 outraging panicked penalty pessimisms pessimistically phobias pisser polluted polluters problematically
        -2 punished raged reeked reeking regrettably regretters rejecting remorselessly resentfulness revengers ridicule
        -2 robs rude rudesby ruiner savage savaged scaremongers screwiest selfishnesses severely shamefacedness
        -2 shamelessnesses sickens sins sluttishnesses snob snobbery snubbed stresses stupidities stupidly sucked
        -2 suckered sufferer swindling thievery thoughtless threatened threating tragic troubled troublemaker troubles
        -2 uglies unacceptable unfortunate ungrateful unintelligent uninvolving unloveliness unworthy upsetters vexing
        -2 victimhood villainesses villainous vulture wept whoremongers worriedly worrisomely worsening worser
        -1.9 :( abandon abandoner abandoners admonished aggravated aggravates aghast angerly animosity annoy antagonism
        -1.9 antagonist appalls arrests arrogances atab attacks aversion banish belittle bereaves bitterer block bloody
        -1.9 burden chagrin cheaters chucklehead condemned contemptibleness contradictious criticise criticism crushes
        -1.9 damaged damager damages deceitful deceived deception defeature defective defector degrade dehumanized
        -1.9 denied denounces destructed devastations devilment dirty disagreeablenesses disappointingly discouragers
        -1.9 discourages discouraging discredited disillusioned dismayed dismayingly displeased dissatisfactions
        -1.9 disturbs dreadful dullnesses dumbheads dumbness embarrassment emptiness excruciations expel exploiting
        -1.9 fightings flunker foe fool forbidding forbiddingly foughten frantic freak freeload frightened frightfulness
        -1.9 frustrates frustrating furiously futile gloomed goddams greedily griever grouchy harsh hates horrendously
        -1.9 hurters hurtfulness hysteria idealess ignorami ignoramus illiteracy incapacitated inconsiderate
        -1.9 inferiorities insincerely intimidated intimidating irresponsible lamentations loathes lowbrow ludicrousness
        -1.9 madness meaningless melancholy mindless misbehave molestation molested moochers mope mournfuller mourning
        -1.9 nastily notorious painful panicking panics passionless perjury petrifaction prejudiced problematic pukes
        -1.9 punishable punisher regretful regretfully resentment resentments revenges ruins saddens sadness savageries
        -1.9 scandal scared scaring shamefacedly shamefully sicken smothers sobbed spiteful stabbed stabs stank starve
        -1.9 stealings stupidity suck sucky terribleness tired tragedies traumatising treason troublers troublesomeness
        -1.9 unattractive undeserving undesirable unemployment unfortunates unhappily unloved unlovelier unloveliest
        -1.9 unsavory upsetter vexation violators warring weak weaker weapons weeper weeping weepings whorehouses
        -1.9 whoremaster woeful woes worriments worrisomeness worry worsened worthless wreck wronged zealot
        -1.8 adversity aggressiveness agitating agony angrily anguished annoyances annoys argumentatively arrogantly
        -1.8 avoider bastardies bastardizes beaten bitter bittered blamable blamably broke burdensome charmless cheats
        -1.8 comfortless complainer conflictive criticised crushed damnableness damnifies defecting defectiveness
        -1.8 defectives degraded dehumanize denies depressor deprivation deprivations despiser destructibility detain
        -1.8 devastation devilling disadvantage disadvantageous disagreements discomfort discontented discourage
        -1.8 discouragements discouragingly disheartening dismay dismays disqualified disrespect dissatisfies distressed
        -1.8 distrust distrustfully downcast dullards dumpish duped dysfunction egotistically emptiest enrages erroneous
        -1.8 exasperated fails faithlessness fakes faking fcol fearfulness fears flunkey flunks flunky foeman fooleries
        -1.8 foolery foolishly foolishness forbidden freaking freakout fumed gloomiest gloominess glooming goddamned
        -1.8 gossipping greenwash grimaces grimy grossness guiltiness guilty hater heartbreakingly heartbreaks
        -1.8 homesickness homesicknesses hysterics ill impatience impolitely impoliteness indignant injury insecure
        -1.8 insecureness insecurities insecurity insensitivity insincere insults intimidation irritably irritate
        -1.8 jackass lame lies loneliness lonesomeness lowery lowliest miser misunderstanding mock mourn mourners
        -1.8 mournfulness nagger neurotically pained pains pathetically perverse pitifuller pitiless polluter prejudices
        -1.8 prejudicing problematical promiscuity prosecutes protesting puked puking punishments rebelliously recession
        -1.8 regret rejectees rejecters rejective rejector repressing ridicules ridiculing sadly scornful sedition
        -1.8 shitting smother snub somber stampede starving stress stressor struggling tantrum temper threateners
        -1.8 threats ticked trauma troublemaking troublesomely ugh uglifies uneasinesses unfulfilled ungratefully
        -1.8 unhappy useless vain victimized victimizer warfares waste weaken weakly weakness weepier weirdo whines
        -1.8 wiseass woe worrier worries worrywart yucky
        -1.7 abandonments acrimonious agitate angriness annoying antagonistic antagonists arguments ashamedly avoidance
        -1.7 battleground bitterness blameful blames blind botheration boycotted boycotting burdened burdeners chastises
        -1.7 chastising cheerless cheerlessness complained complainingly complaints conflicting crash cries criticising
        -1.7 cynicism cynicisms damn damnable damnably decay decaying decays deceive defeatist defected defects deficit
        -1.7 depressible depressors deprives despised detained difficultly disadvantaged disadvantages disagreeable
        -1.7 disagreeableness disappoint disappointedly disconsolation discord discouraged discourager disillusionment
        -1.7 disliked dislikes disorder dispute disputing distorted distressfully distressing disturb doom doomsayers
        -1.7 dull duller dullest dumped dumps dumpy egotists embarrasses embarrassingly embarrassments enraged enslaved
        -1.7 error farce fatalisms fault fearsome fights fooling foolisher freebooter frightens frightfully greed
        -1.7 greediness grievously grouching guiltiest hacked haunt helplessnesses hindrance hurting idealless ignoring
        -1.7 illness immoralists impatiently inability inadequacies inadequacy inadequate inadequateness inferior
        -1.7 injured insane interruptions irrationality irritabilities irritableness irritates isolation jealousness
        -1.7 joylessly killjoys lose losses lousiness lowlier madly maniacally masochist menaced misbehaving misleading
        -1.7 mocking mooch mooching mournfully nagana nagged nagging naggy neglecter neglecting nonsense oppressive
        -1.7 optionless overreacted painfuller paining peril perverter petrify piss pissing problem problems prosecute
        -1.7 provoke punishabilities rash reckless reeker refusing regretting reject rejectingly repressions
        -1.7 repressively scapegoat scarer scarey scold scorn scream screwup seditious selfishness shames shitted
        -1.7 shocking sluggish smartasses smuggles smugnesses snobbishnesses snobby sorrowing stealable stealer stink
        -1.7 strained stubborn stupidness sullen suspiciously tensions traumata traumatized trouble unappreciated
        -1.7 uncomfortably uncontrollability unease unfocused unsatisfied unsuccessfully unsupported unwelcome wasting
        -1.7 woefully worriers worrisome
        -1.6 abandoning ache ached agitatedly amoral annoyed arguer argues aversive battle battlefield battles bitterish
        -1.6 blamefully blameworthiness blocking bothering bummer carelessnesses complains condemn conflicts
        -1.6 confrontational contemptible contradictors cowardly crap craziness cried criticize criticizers cynical
        -1.6 damned decayed decayer decayers deceives defeating demoralized depressant depressants depressing depressive
        -1.6 depriver desperately despisers deviled devilishly devilries disadvantageousness disagree disappoints
        -1.6 discomfortable discomforted discomforting disillusions dislike disparages disregarded dissatisfied
        -1.6 distraction distractive distresses distrustfulness disturbance disturbed doomsters doubter dullard
        -1.6 dumbfounded dump dumpiest embarrassable embarrassing emergency enslaves expelling expels falsified feuding
        -1.6 fight flu flunkers fooled foolhardiness forbidder freakiest freeloaded freezingly fright funerals
        -1.6 glamourless gossiping grave gravesides grieve grimier griminess gullibility hostile ignorantly immoralism
        -1.6 impolite inadequatenesses incapable ineffectuality inhibit interrogated intimidator intimidators
        -1.6 irrationally jaded lackadaisical lamebrain lied losing louse lowest lunatics manipulated masochism
        -1.6 masochistically melancholias misbehaved misbehaves misinformed mistaker mistakers mockeries mourner
        -1.6 mournful obstacles paranoids phobia pleasureless prblm pricklier prosecuted punishability rancidnesses
        -1.6 regretfulness regretted regretter rejecter reluctancy repression resented restrict restricted restricting
        -1.6 ridiculer ridiculers ridiculousnesses riskinesses ruinable ruinations ruing screaming severe severer shock
        -1.6 shocks shyster slam sleeplessness smuggle snobbily sobbing sorrows spammers stingy stunk suspicion
        -1.6 talentless tensioner threaten threatens tumor uncomfortable unconvinced uneasiness uneasy ungratefulness
        -1.6 unkind unsecured upset uptight uselessness victimizers weakener weakhearted weepies wimpish
        -1.5 :-( adversarial adverse adversities afflicted agonising amorality annoyers appalling argued argument
        -1.5 argumentative argumentive bamboozle bamboozled bamboozles brainwashing burdens careless clueless coerced
        -1.5 collision complain confrontations confusedness contagions crazily criticized criticizer criticizing
        -1.5 crushing debt defeatures defections degradations dehumanizes denier depressives deriding desperateness
        -1.5 destructible detention deviltries difficult disagreeably disagreement disillusionments disoriented
        -1.5 disruption distractible doomsaying doomsayings doubt doubtable douche drained dubious dulled dumber dumbs
        -1.5 dupe eerie embarrassed emptinesses exhausted exhausting exhaustion fallen fatiguingly faultfinders
        -1.5 faultiness fighting flunking foolhardier forbidders freakouts freaky friendless frighting funeral gloomier
        -1.5 gravely graveness grievances grime grimmer gullible hesitatingly hooligan ignorance ignore inconvenience
        -1.5 inhibition interruption irrationalism irrationalists irrationalities irritations lags lamentable lamentably
        -1.5 laments lamest lazy lonelinesses lonely lonesome lowballed lowlife ludicrous manipulating mess messy
        -1.5 mischief misers misreporting mistaken mistakes misunderstand moocher moody nag naggers neglecters nitl
        -1.5 obsessional obstacle offender offenders offenses overload overweight panicky paranoias persecuting
        -1.5 pessimism pessimist pessimistic pissant poorer prejudicially profitless promiscuously quaking rebeldom
        -1.5 reekers regrets repressible ridiculed ridiculous rigged riskiest robing rudeness ruinated ruinates
        -1.5 ruinating screamers seduced severed severest shylocking smear smuggest smuggled sore spam spitefulness
        -1.5 stenches stinker stinkier stinko stinky stressing strikes struggles stubborner stubbornnesses sucks sulking
        -1.5 suspicions suspicious sux swindles tantrums tenseness tenser trembling turmoil uglified uncontrollable
        -1.5 uncontrollably undermined undermining unfriendly unprotected unstable unsuccessful upsets uselessly vicious
        -1.5 victimised victimizations victimizes weaklier weaknesses whine whoremasters wiseasses witch worriment
        -1.5 worrywarts
        -1.4 :/ =/ accidentally accuses aggressed aggressivities agitates agitator alarm alarmed antagonized argue
        -1.4 arguers arrest avoided avoiders avoiding blame bother boycotts burdening carelessness chagrined combat
        -1.4 confusingly contagious contemptibly contradictoriness contradictory contradicts crazy criticizes cynic
        -1.4 damnations damning deadlock deceiving defeater defect defection defenseless denounce deny denying deprivers
        -1.4 derailed despise difficulty dirt dirtier disagreeing disappears discarded disparaged disputed disregards
        -1.4 disruptions distorts distracted distractingly disturbances disturber dork doubtful doubting doubtingly
        -1.4 dreads dreary drunk dullness dumbed dumpier egotism egotistic errors excluded exploits failingly fatigued
        -1.4 faulted faulting feud feuds fidgety fiery fire firing flop flops flunkies foolhardy foolishest forbiddance
        -1.4 frantically freakiness freakishness frighted frighten frowning gag gossipmongers grimacing grouchily guilts
        -1.4 gun hapless haplessness harried helplessly hesitater hesitaters hesitates hesitating horridly humiliated
        -1.4 humorlessness hurtling inconvenient indoctrinate inflamed inhibitive insecurely insignificant insincerity
        -1.4 interrupt interruptive intimidations irrational irresolute irritability jerk lag lamentation lamented lamer
        -1.4 leak lethargy lonelier lonesomes lowermost messed miserly misgiving mistake misunderstood mlm mooched
        -1.4 mooches moodiness moodinesses moronically mumpish naggier needy neurotic niggas nimy numb numbly obsessing
        -1.4 obsession offences ominous perturbed pissers pisses pitying pressuring prick prickliest rant reluctance
        -1.4 repress repressive repressor resentfully resign restlessly revengefully ridiculously riskier scapegoats
        -1.4 scares screwy selfishly shakedowns shameless shamelessly shamelessness shoot shylocks smileless smothering
        -1.4 smugglers smugness snobs spites stifled stressed struggled strugglers stubbornly suspects tense tensioning
        -1.4 thieved threatener toothless tragediennes traumatizes trickers trivialising troubler unapproved uncertainly
        """#
}
