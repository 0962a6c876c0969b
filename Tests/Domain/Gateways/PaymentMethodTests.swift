import Billing
import Jobs
import Postgres
import Tenants
import TestSupport
import Testing
import Values

@Suite struct PaymentMethodTests {
    private static let stamp = Stamp(now: testNow, author: .command)

    private func tenant(_ name: String, in database: Database) async throws -> TenantID {
        try await database.transaction(as: .admin) { transaction in
            try await TenantOperations.create(try TenantDraft(name: name), by: Self.stamp, in: transaction).id
        }
    }

    private func add(
        _ reference: String,
        isDefault: Bool = false,
        for tenant: TenantID,
        in database: Database
    ) async throws -> PaymentMethod {
        let draft = try PaymentMethodDraft(gateway: .manual, reference: reference, isDefault: isDefault)
        return try await database.transaction(as: .tenant(tenant)) { transaction in
            try await PaymentMethodOperations.add(
                draft,
                PaymentMethodDetails(transfer: reference),
                for: tenant,
                by: Self.stamp,
                in: transaction
            )
        }
    }

    private func standard(of tenant: TenantID, in database: Database) async throws -> PaymentMethod? {
        try await database.transaction(as: .system) { transaction in
            try await PaymentMethodQueries.default(of: tenant, in: transaction)
        }
    }

    private func remove(_ id: PaymentMethodID, of tenant: TenantID, in database: Database) async throws {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            _ = try await PaymentMethodOperations.remove(id, of: tenant, by: Self.stamp, in: transaction)
        }
    }

    @Test func `the first method is the default until another is chosen`() async throws {
        try await withDatabase { database in
            let acme = try await tenant("Acme", in: database)
            let first = try await add("DE01", for: acme, in: database)
            let second = try await add("DE02", for: acme, in: database)
            #expect(first.isDefault)
            #expect(!second.isDefault)
            #expect(try await standard(of: acme, in: database)?.id == first.id)
            let third = try await add("DE03", isDefault: true, for: acme, in: database)
            #expect(try await standard(of: acme, in: database)?.id == third.id)
            try await database.transaction(as: .tenant(acme)) { transaction in
                _ = try await PaymentMethodOperations.makeDefault(
                    second.id,
                    of: acme,
                    by: Self.stamp,
                    in: transaction
                )
            }
            #expect(try await standard(of: acme, in: database)?.id == second.id)
        }
    }

    @Test func `the same method again is the one that is there`() async throws {
        try await withDatabase { database in
            let acme = try await tenant("Acme", in: database)
            let first = try await add("DE01", for: acme, in: database)
            let second = try await add("DE02", for: acme, in: database)
            #expect(try await add("DE01", for: acme, in: database).id == first.id)
            #expect(try await add("DE02", isDefault: true, for: acme, in: database).id == second.id)
            #expect(try await standard(of: acme, in: database)?.id == second.id)
            try await remove(first.id, of: acme, in: database)
            #expect(try await add("DE01", for: acme, in: database).id != first.id)
        }
    }

    @Test func `a removed default leaves none, and cannot be chosen again`() async throws {
        try await withDatabase { database in
            let acme = try await tenant("Acme", in: database)
            let first = try await add("DE01", for: acme, in: database)
            let second = try await add("DE02", for: acme, in: database)
            try await remove(first.id, of: acme, in: database)
            try await remove(first.id, of: acme, in: database)
            #expect(try await standard(of: acme, in: database) == nil)
            let left = try await database.transaction(as: .tenant(acme)) { transaction in
                try await PaymentMethodQueries.list(of: acme, limit: 10, in: transaction)
            }
            #expect(left.map(\.id) == [second.id])
            let error = await #expect(throws: (any Error).self) {
                try await database.transaction(as: .tenant(acme)) { transaction in
                    _ = try await PaymentMethodOperations.makeDefault(
                        first.id,
                        of: acme,
                        by: Self.stamp,
                        in: transaction
                    )
                }
            }
            #expect(error.map { Problem.of($0).code } == "payment_method_removed")
        }
    }

    @Test func `two that are saved at once leave one default`() async throws {
        try await withDatabase { database in
            let acme = try await tenant("Acme", in: database)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<6 {
                    group.addTask {
                        _ = try await add("DE0\(number)", isDefault: number % 2 == 0, for: acme, in: database)
                    }
                }
                try await group.waitForAll()
            }
            let all = try await database.transaction(as: .tenant(acme)) { transaction in
                try await PaymentMethodQueries.list(of: acme, limit: 10, in: transaction)
            }
            #expect(all.count == 6)
            #expect(all.count(where: \.isDefault) == 1)
        }
    }

    @Test func `another tenant's method is not found`() async throws {
        try await withDatabase { database in
            let acme = try await tenant("Acme", in: database)
            let globex = try await tenant("Globex", in: database)
            let method = try await add("DE01", for: acme, in: database)
            let error = await #expect(throws: (any Error).self) {
                try await remove(method.id, of: globex, in: database)
            }
            #expect(error.map { Problem.of($0).kind } == .notFound)
            #expect(try await standard(of: acme, in: database)?.id == method.id)
        }
    }

    @Test func `what is done leaves a trail`() async throws {
        try await withDatabase { database in
            let acme = try await tenant("Acme", in: database)
            let method = try await add("DE01", for: acme, in: database)
            try await remove(method.id, of: acme, in: database)
            let trail = try await database.transaction(as: .finance) { transaction in
                try await Activity.list(tenant: acme, object: method.id.text, limit: 10, in: transaction)
            }
            #expect(trail.map(\.verb).sorted() == ["payment_method.added", "payment_method.removed"])
        }
    }

    @Test(arguments: ["", "   ", "a\nb", String(repeating: "x", count: 201)])
    func `a reference of another form is refused`(reference: String) {
        let error = #expect(throws: Problem.self) { try PaymentMethodDraft(gateway: .manual, reference: reference) }
        #expect(error?.errors.map(\.field) == ["reference"])
    }
}
