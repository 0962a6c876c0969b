import ArgumentParser
import Plans
import Subscriptions
import Values

/// What a subscription gets of the catalogue beside its plan.
struct CatalogueOptions: ParsableArguments {
    @Option(help: "How many of an add-on, like storage=2; 0 takes it off; may be repeated.", transform: Parse.quantity)
    var addon: [(name: String, value: Decimal12)] = []
    @Option(
        help: """
            A file of prices as plans have them, which this subscription has in place of the plan's; - is standard \
            input, an empty list takes them off.
            """
    )
    var override: String?

    /// Whether nothing is given.
    var isEmpty: Bool { addon.isEmpty && override == nil }

    /// The add-ons by their codes; the last of a code counts.
    var addOns: Quantities { Dictionary(addon.map { ($0.name, $0.value) }) { $1 } }

    /// The prices of the file: an array of them, or one alone.
    func overrides() throws -> PriceOverrides? {
        guard let override else { return nil }
        let json = try InputFile.json(override)
        return try PriceOverrides(json: json.object == nil ? json : [json])
    }
}
