import Billing
import HTTPTypes
import Jobs
import Postgres
import Values

/// Test clocks: staff make tenants that have a time of their own, and move it.
enum ClocksRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .post,
            path: "/v1/test-clocks",
            summary: "Makes a clock; a tenant made with it as `test_clock` is in test mode and lives by it.",
            access: .staff(Staff.admin),
            body: Schema.object(["name": Schema.string, "at": Schema.instant], required: ["name"]),
            isIdempotent: true,
            success: (201, clock)
        ) { call in
            try await call.write(staffScope: .admin) { authorized, transaction in
                var fields = try call.fields()
                let name = try fields.string("name")
                let at = try fields.optionalInstant("at")
                try fields.finish()
                return try await ClockOperations.create(
                    name: name,
                    at: at ?? authorized.stamp.at,
                    by: authorized.stamp,
                    in: transaction
                ).json
            }
        },
        Endpoint(
            method: .get,
            path: "/v1/test-clocks",
            summary: "All clocks.",
            access: .staff(Staff.all),
            parameters: Paging.parameters,
            success: (200, Schema.list(clock))
        ) { call in
            let limit = try call.limit()
            let after = try call.after(as: ClockID.self)
            let clocks = try await call.transaction(staffScope: .finance) { _, transaction in
                try await ClockOperations.list(limit: limit + 1, after: after, in: transaction)
            }
            return .page(clocks, limit: limit, id: \.id.text, json: \.json)
        },
        Endpoint(
            method: .get,
            path: "/v1/test-clocks/{id}",
            summary: "One clock; `ready` once everything due up to its time has happened.",
            access: .staff(Staff.all),
            success: (200, clock)
        ) { call in
            .ok(
                try await call.transaction(staffScope: .finance) { _, transaction in
                    let id = try call.id(as: ClockID.self)
                    guard let clock = try await ClockOperations.find(id, in: transaction) else {
                        throw ClockError.notFound(id)
                    }
                    return clock.json
                }
            )
        },
        Endpoint(
            method: .post,
            path: "/v1/test-clocks/{id}/advance",
            summary: "Moves a clock forward; what falls due for its tenants on the way happens in the background.",
            access: .staff(Staff.admin),
            body: Schema.object(["to": Schema.instant], required: ["to"]),
            success: (202, clock)
        ) { call in
            let moving = try await call.transaction(staffScope: .admin) { authorized, transaction in
                var fields = try call.fields()
                let target = try fields.instant("to")
                try fields.finish()
                let id = try call.id(as: ClockID.self)
                let clock = try await ClockOperations.beginAdvance(
                    id,
                    to: target,
                    by: authorized.stamp,
                    in: transaction
                )
                try await ClockJobs.enqueue(id, by: authorized.stamp, in: transaction)
                return clock.json
            }
            return .json(202, moving)
        },
    ]

    private static let clock = Schema.object(
        [
            "id": Schema.string, "name": Schema.string, "at": Schema.instant,
            "status": Schema.choice(TestClock.Status.allCases.map(\.rawValue)),
            "target": Schema.nullable(Schema.instant), "error": Schema.nullable(Schema.string),
            "created_at": Schema.instant,
        ],
        required: ["id", "name", "at", "status", "target", "error", "created_at"]
    )
}
