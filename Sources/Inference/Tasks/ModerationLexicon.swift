/// What moderation knows; the lists are ours.
enum ModerationLexicon {
    private static let groups =
        "jews|muslims|christians|immigrants|refugees|blacks|whites|asians|mexicans|gays|lesbians|"
        + "homosexuals|foreigners|"
        + "women|arabs|gypsies|trans|transgenders|disabled|africans|indians|chinese"

    static let rules: [ModerationRule] = [
        // Insults at somebody.
        ModerationRule(
            "you|you're|youre|ur|he's|she's ... "
                + "idiot*|moron*|stupid|pathetic|loser*|worthless|disgusting|dumb|trash|scum|"
                + "garbage|imbecile*|ugly|retard*|useless|bitch|bastard|asshole*|cunt|freak|pig|coward|whore|slut",
            [.harassment],
            0.7
        ),
        ModerationRule("shut up", [.harassment], 0.35),
        ModerationRule(
            "stupid|dumb|fat|ugly|fucking|little ... bitch|cow|idiot|moron|pig|loser|whore|cunt",
            [.harassment],
            0.6
        ),
        ModerationRule("fuck you|off|yourself|u", [.harassment], 0.75),
        ModerationRule("go to hell", [.harassment], 0.55),
        ModerationRule("asshole*|dickhead*|scumbag*|motherfucker*|cunt*|douchebag*", [.harassment], 0.5),
        ModerationRule("nobody|no likes|loves|wants you", [.harassment], 0.55),
        ModerationRule("everyone hates you", [.harassment], 0.65),
        ModerationRule("kill yourself|urself", [.harassment, .selfHarm], 0.85),
        ModerationRule("kys", [.harassment, .selfHarm], 0.8),
        // Threats.
        ModerationRule(
            "i'll|i'm|i|we|we'll|gonna|will ... kill|murder|stab|shoot|strangle|beat|hurt|destroy|burn "
                + "you|him|her|them",
            [.threat, .harassment, .violence],
            0.75
        ),
        ModerationRule("you ... going|gonna to|die|regret ... die|regret|pay", [.threat, .harassment], 0.6),
        ModerationRule("you're dead|done|finished", [.threat, .harassment], 0.5),
        ModerationRule("deserve|deserves to die|suffer|burn", [.harassment, .violence], 0.7),
        ModerationRule("i know where you live", [.threat, .harassment], 0.8),
        ModerationRule("watch your back", [.threat, .harassment], 0.55),
        ModerationRule(
            "break|cut|smash|slit your face|legs|neck|throat|fingers|arms|skull|bones",
            [.threat, .violence],
            0.75
        ),
        // Hate.
        ModerationRule(
            "\(groups) are|is ... "
                + "vermin|scum|subhuman|animals|inferior|filth|filthy|parasites|disgusting|criminals|trash|"
                + "rats|dirty|disease|cockroaches|savages|evil|stupid|lazy|thieves|monkeys",
            [.hate],
            0.85
        ),
        ModerationRule("i|we hate|despise ... \(groups)", [.hate], 0.75),
        ModerationRule(
            "kill|exterminate|gas|burn|shoot|deport|hang|eradicate|lynch all|the|every ... \(groups)",
            [.hate, .hateThreat, .violence],
            0.85
        ),
        ModerationRule(
            "\(groups) should|must|deserve ... die|killed|hanged|exterminated|shot|gassed|burned|burn",
            [.hate, .hateThreat],
            0.85
        ),
        ModerationRule(
            "nigger*|faggot*|kike*|spic|spics|chink|chinks|wetback*|raghead*|tranny|trannies|gook|gooks|towelhead*",
            [.hate, .harassment],
            0.85
        ),
        ModerationRule("white|aryan power|supremacy|pride worldwide|forever|now", [.hate], 0.7),
        ModerationRule("heil hitler", [.hate], 0.85),
        ModerationRule("go back to ... your|own|their country|africa|mexico|where", [.hate, .harassment], 0.5),
        // Violence.
        ModerationRule("massacre*|behead*|dismember*|disembowel*|decapitat*|slaughter*", [.violence], 0.5),
        ModerationRule(
            "blood|guts|intestines|brains|entrails|limbs ... "
                + "spray*|spill*|splatter*|everywhere|gush*|pour*|drip*|ripped|torn",
            [.violence, .graphicViolence],
            0.65
        ),
        ModerationRule(
            "torture*|mutilat*|stab*|strangl* him|her|them|the|a|to ... death|slowly|victim*|alive|screaming|body",
            [.violence, .graphicViolence],
            0.65
        ),
        ModerationRule(
            "shot|stabbed|beat|beaten|bludgeoned|murdered ... to|in death|head|face|cold|his|her",
            [.violence],
            0.5
        ),
        ModerationRule(
            "shoot|bomb|blow up|the|a ... school|church|mosque|synagogue|building|train|airport|crowd|stadium",
            [.violence, .illicitViolent],
            0.7
        ),
        // Harm to oneself.
        ModerationRule(
            "i ... want|wanna|going|gonna|plan|planning|thinking ... kill|hurt|cut|hang|harm myself",
            [.selfHarm, .selfHarmIntent],
            0.9
        ),
        ModerationRule(
            "i ... cut|cutting|starve|starving|burn|hurt|hurting|harm myself",
            [.selfHarm, .selfHarmIntent],
            0.7
        ),
        ModerationRule(
            "i ... want|wanna|wish to|i ... die|dead|disappear|forever",
            [.selfHarm, .selfHarmIntent],
            0.65
        ),
        ModerationRule(
            "end|ending|take|taking my own|life ... life|tonight|today|soon",
            [.selfHarm, .selfHarmIntent],
            0.75
        ),
        ModerationRule("end|ending my life", [.selfHarm, .selfHarmIntent], 0.85),
        ModerationRule("suicid*", [.selfHarm], 0.4),
        ModerationRule("don't|dont want to live|be anymore|alive|here", [.selfHarm, .selfHarmIntent], 0.75),
        ModerationRule("better off without me", [.selfHarm, .selfHarmIntent], 0.7),
        ModerationRule(
            "how|way|ways|best|painless|method|methods ... commit|kill|suicide|hang|overdose|starve ... "
                + "suicide|myself|yourself|painlessly",
            [.selfHarm, .selfHarmInstructions],
            0.75
        ),
        ModerationRule("how many pills ... die|overdose|kill|lethal", [.selfHarm, .selfHarmInstructions], 0.85),
        // Crime.
        ModerationRule(
            "how|instructions|steps|recipe|guide|teach|tell|explain ... "
                + "make|build|cook|synthesize|create|assemble|making|building ... bomb|"
                + "explosive*|grenade|meth|methamphetamine|napalm|molotov|nerve|ricin|sarin|silencer|heroin",
            [.illicit, .illicitViolent],
            0.9
        ),
        ModerationRule("pipe bomb*", [.illicit, .illicitViolent], 0.55),
        ModerationRule(
            "how|best|easiest|ways|help ... "
                + "steal|shoplift|launder|counterfeit|forge|smuggle|hotwire|blackmail|extort",
            [.illicit],
            0.65
        ),
        ModerationRule(
            "how|help|way ... hack|break|steal ... account|password|passwords|wifi|bank|house|identity|card|cards",
            [.illicit],
            0.6
        ),
        ModerationRule(
            "buy|sell|selling|get|order ... cocaine|heroin|meth|fentanyl|stolen|fake ... "
                + "online|cheap|cards|passport*|ids|kilo|gram*",
            [.illicit],
            0.6
        ),
        ModerationRule(
            "how|help|ways ... poison|murder|kidnap|kill someone|my|a|him|her|neighbor|wife|husband|without",
            [.illicit, .illicitViolent, .violence],
            0.8
        ),
        ModerationRule("get away with murder", [.illicit, .illicitViolent], 0.5),
        // Sex.
        ModerationRule(
            "porn|porno|pornographic|pornography|hentai|blowjob*|handjob*|cumshot*|gangbang*|deepthroat*|creampie*",
            [.sexual],
            0.6
        ),
        ModerationRule(
            "cock|dick|pussy|tits|clit|cum|penis|vagina ... suck*|lick*|inside|hard|wet|throb*|deep|mouth|thrust*",
            [.sexual],
            0.7
        ),
        ModerationRule("suck*|lick*|stroke*|ride|thrust* ... cock|dick|pussy|tits|clit|balls|penis", [.sexual], 0.8),
        ModerationRule("fuck me|her|him hard|harder|now|deep|tonight|in|like", [.sexual], 0.8),
        ModerationRule("naked|nude* ... body|breasts|pics|photos|girls|women|picture*|moan*", [.sexual], 0.5),
        ModerationRule("send ... nudes|nude", [.sexual], 0.7),
        ModerationRule("moan* ... as|pleasure|orgasm*|thrust*|deeper", [.sexual], 0.65),
        ModerationRule("orgasm*|masturbat*|erotic ... story|moan*|she|he|me", [.sexual], 0.55),
        ModerationRule("have|having|had|want hot|rough|anal|oral sex", [.sexual], 0.7),
        ModerationRule(
            "child|children|minor|minors|underage|preteen|kid|kids|schoolgirl|toddler|13|14|15 ... "
                + "porn|sex|sexual*|nude*|naked|erotic|sexy",
            [.sexual, .sexualMinors],
            0.85
        ),
        ModerationRule(
            "sex*|nude*|naked|erotic ... child|children|minor|minors|underage|preteen|schoolgirl|toddler",
            [.sexual, .sexualMinors],
            0.8
        ),
    ]
}
