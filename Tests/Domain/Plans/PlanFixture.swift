import Metering
import Plans
import Postgres
import TestSupport
import Values

/// What tests of plans begin with.
enum PlanFixture {
    static let stamp = stamp(after: 0)

    /// A stamp so many seconds later; ids that are made with a later one compare greater.
    static func stamp(after seconds: Int64) -> Stamp {
        Stamp(now: testNow.adding(seconds: seconds), author: .command)
    }

    static func json(_ code: String = "pro", base: String = "20.00", _ more: JSONObject = [:]) -> JSONValue {
        var object: JSONObject = [
            "code": .string(code), "currency": "USD", "interval": ["unit": "month"],
            "prices": [
                ["code": "base", "model": "flat", "amount": .string(base)],
                [
                    "code": "tokens", "model": "per_unit", "meter": "tokens.output", "unit_amount": "0.000002",
                    "free_units": "1000000",
                ],
            ],
        ]
        for (key, value) in more { object[key] = value }
        return .object(object)
    }

    @discardableResult
    static func publish(
        _ json: JSONValue,
        by stamp: Stamp = stamp,
        in database: Database
    ) async throws -> PlanVersion {
        try await database.transaction(as: .admin) { transaction in
            try await PlanOperations.publish(PlanDraft(json: json), by: stamp, in: transaction)
        }
    }
}
