/// Which English words are kind and which are not: from −4 to 4.
enum VaderLexicon {
    /// The valence of each word and emoticon.
    static let valences: [String: Double] = {
        var valences: [String: Double] = [:]
        for part in [part1, part2, part3] {
            for line in part.split(separator: "\n") {
                let words = line.split(separator: " ")
                guard let valence = words.first.flatMap({ Double($0) }) else { continue }
                for word in words.dropFirst() { valences[String(word)] = valence }
            }
        }
        return valences
    }()

    /// What words before another add to it.
    static let boosters: [String: Double] = {
        let more = """
            absolutely amazingly awfully completely considerable considerably decidedly deeply enormous enormously
            entirely especially exceptional exceptionally extreme extremely fabulously flipping frigging fully fucking
            greatly hella highly hugely incredible incredibly intensely major majorly more most particularly purely
            quite really remarkably so substantially thoroughly total totally tremendous tremendously unbelievably
            unusually utter utterly very truly
            """
        let less = """
            almost barely hardly kinda less little marginal marginally occasional occasionally partly scarce scarcely
            slight slightly somewhat sorta
            """
        var boosters: [String: Double] = [:]
        for word in more.split(whereSeparator: \.isWhitespace) { boosters[String(word)] = 0.293 }
        for word in less.split(whereSeparator: \.isWhitespace) { boosters[String(word)] = -0.293 }
        return boosters
    }()

    private static let negations: Set<String> = Set(
        """
        aint arent cannot cant couldnt didnt doesnt dont hadnt hasnt havent isnt mightnt mustnt neither neednt never
        none nope nor not nothing nowhere shouldnt wasnt werent without wont wouldnt rarely seldom despite no nobody
        """.split(whereSeparator: \.isWhitespace).map(String.init)
    )

    static func isNegation(_ word: String) -> Bool { negations.contains(word) || word.contains("n't") }

    /// Words that mean something else together than each by itself.
    static let phrases: [String: Double] = [
        "the shit": 3, "the bomb": 3, "bad ass": 1.5, "bus stop": 0, "yeah right": -2, "kiss of death": -1.5,
        "to die for": 3, "beating heart": 3.5, "waste of": -2.2, "let down": -1.8, "ripped off": -2.5, "fell apart": -2,
        "falls apart": -2, "falling apart": -2, "broke down": -2, "not worth": -2, "well worth": 2.2,
        "worth every": 2.4,
        "could not be happier": 3, "couldn't be happier": 3, "look forward": 1.5, "looking forward": 1.5,
        "stopped working": -2, "does not work": -2, "doesn't work": -2, "do not work": -2, "don't work": -2,
        "never again": -2, "money back": -1.2,
    ]

    /// What reviews add to the words of messages among friends.
    static let additions: [String: Double] = [
        "overpriced": -1.9, "unusable": -2.3, "refund": -0.8, "unresponsive": -1.6, "crashes": -1.7, "crashed": -1.7,
        "crashing": -1.7, "crash": -1.7, "buggy": -1.7, "bland": -1.2, "tasteless": -1.6, "stale": -1.2, "filthy": -2,
        "dirty": -1.4, "noisy": -1.2, "soggy": -1.2, "cramped": -1.1, "slow": -1, "late": -0.7, "unhelpful": -1.8,
        "delicious": 2.8,
        "tasty": 2.1, "flawless": 2.7, "flawlessly": 2.7, "intuitive": 1.6, "reliable": 1.8,
        "spotless": 1.8, "recommend": 1.7, "recommended": 1.7, "fast": 1, "smoothly": 1.3, "cozy": 1.6, "tedious": -1.5,
        "dull": -1.7, "broken": -1.9, "defective": -2.1, "misleading": -1.7, "underwhelming": -1.6, "forgettable": -1.3,
        "clunky": -1.4, "scratched": -1.1, "leaked": -1.3, "leaks": -1.3, "stunning": 2.3, "superb": 3.1, "gem": 1.8,
        "unforgettable": 2, "seamless": 1.9, "seamlessly": 1.9, "cold": -0.6, "mess": -1.5,
    ]
}
