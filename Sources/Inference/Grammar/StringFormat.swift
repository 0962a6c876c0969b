import Values

/// Formats of strings that can be kept.
enum StringFormat: String, CaseIterable {
    case date, time, dateTime = "date-time", uuid, email, ipv4

    /// The inside of the string.
    var part: GrammarPart {
        switch self {
        case .date: Self.dayPart
        case .time: Self.timePart
        case .dateTime: .sequence([Self.dayPart, .literal("T"), Self.timePart])
        case .uuid: .sequence(Array([8, 4, 4, 4, 12].map { [Self.hex($0)] }.joined(separator: [.literal("-")])))
        case .email:
            .sequence([
                Self.word, .repeated(.sequence([.characters(".+-"), Self.word]), min: 0, max: 4), .literal("@"),
                Self.label, .repeated(.sequence([.literal("."), Self.label]), min: 1, max: 4),
            ])
        case .ipv4:
            .sequence(Array(repeating: [Self.byte], count: 4).joined(separator: [.literal(".")]).map(\.self))
        }
    }

    private static let byte: GrammarPart = NumberRange.integers(0, 255) ?? .impossible

    private static func hex(_ count: Int) -> GrammarPart {
        .repeated(.characters("0123456789abcdef"), min: count, max: count)
    }

    private static func number(_ low: Int, _ high: Int) -> GrammarPart {
        .choice((low...high).map { .literal($0 < 10 ? "0\($0)" : "\($0)") })
    }

    private static let word: GrammarPart = .repeated(
        .characters("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"),
        min: 1,
        max: 32
    )
    private static let label: GrammarPart = .repeated(
        .characters("abcdefghijklmnopqrstuvwxyz0123456789"),
        min: 2,
        max: 32
    )

    /// Days that every year has, so that none is wrong.
    private static let dayPart: GrammarPart = .sequence([
        .characters("12"), .repeated(.characters(.digits), min: 3, max: 3), .literal("-"),
        .choice([
            .sequence([number(1, 12), .literal("-"), number(1, 28)]),
            .sequence([
                .choice([1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map { number($0, $0) }), .literal("-"), number(29, 30),
            ]),
            .sequence([.choice([1, 3, 5, 7, 8, 10, 12].map { number($0, $0) }), .literal("-31")]),
        ]),
    ])
    private static let timePart: GrammarPart = .sequence([
        number(0, 23), .literal(":"), number(0, 59), .literal(":"), number(0, 59),
        .optional(.sequence([.literal("."), .repeated(.characters(.digits), min: 1, max: 6)])),
        .choice([.literal("Z"), .sequence([.characters("+-"), number(0, 14), .literal(":"), number(0, 59)])]),
    ])
}
