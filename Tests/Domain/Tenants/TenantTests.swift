import Postgres
import Tenants
import TestSupport
import Testing
import Values

@Suite struct TenantTests {
    @Test func `a tenant comes back as it was made, with its address as the first owner`() async throws {
        try await withDatabase { database in
            let berlin = try #require(Zone("Europe/Berlin"))
            let made: Tenant = try await database.transaction(as: .admin) { transaction in
                try await TenantOperations.create(
                    try TenantDraft(
                        name: "Größe & Söhne",
                        email: "ann@example.com",
                        timeZone: berlin,
                        currency: .eur,
                        spendLimit: Money(minor: 10_000, currency: .eur),
                        metadata: ["crm": ["id": 7]]
                    ),
                    by: TenantFixture.stamp,
                    in: transaction
                )
            }
            try await database.transaction(as: .tenant(made.id)) { transaction in
                #expect(try await TenantQueries.find(made.id, in: transaction) == made)
                let members = try await MemberQueries.list(of: made.id, limit: 10, in: transaction)
                #expect(members.map(\.email) == ["ann@example.com"])
                #expect(members.map(\.role) == [.owner])
                let entity = try await LegalEntityQueries.find(made.legalEntity, in: transaction)
                #expect(entity?.name == "Abono")
            }
            #expect(made.json["spend_limit"] == ["amount": "100.00", "currency": "EUR"])
            #expect(made.json["timezone"] == "Europe/Berlin")
        }
    }

    @Test func `an id that the caller brings makes asking twice harmless`() async throws {
        try await withDatabase { database in
            let id = TenantID.make(at: testNow)
            func create(_ name: String) async throws -> Tenant {
                try await database.transaction(as: .admin) { transaction in
                    try await TenantOperations.create(
                        try TenantDraft(id: id, name: name, email: "a@example.com"),
                        by: TenantFixture.stamp,
                        in: transaction
                    )
                }
            }
            let first = try await create("Acme")
            #expect(try await create("Acme") == first)
            await #expect(throws: TenantError.idTaken(id)) { try await create("Other") }
        }
    }

    @Test func `of first tenants made at once one makes the default entity`() async throws {
        try await withDatabase { database in
            try await withThrowingTaskGroup(of: EntityID.self) { group in
                for number in 0..<4 {
                    group.addTask { try await TenantFixture.tenant("Tenant \(number)", in: database).legalEntity }
                }
                var entities: Set<EntityID> = []
                for try await entity in group { entities.insert(entity) }
                #expect(entities.count == 1)
            }
        }
    }

    @Test func `lists go on after the last id of the page before`() async throws {
        try await withDatabase { database in
            for number in 0..<5 { try await TenantFixture.tenant("Tenant \(number)", in: database) }
            try await database.transaction(as: .finance) { transaction in
                let all = try await TenantQueries.list(limit: 10, in: transaction)
                let first = try await TenantQueries.list(limit: 2, in: transaction)
                let second = try await TenantQueries.list(limit: 10, after: first.last?.id, in: transaction)
                #expect(all.count == 5)
                #expect((first + second).map(\.id) == all.map(\.id))
                #expect(all.map(\.id) == all.map(\.id).sorted())
            }
        }
    }

    @Test func `a change names what it changes, and nothing else does`() async throws {
        try await withDatabase { database in
            let tenant = try await TenantFixture.tenant(email: "a@example.com", in: database)
            var fields = try JSONFields([
                "name": "New", "email": nil, "currency": "JPY", "spend_limit": ["amount": "500", "currency": "JPY"],
            ])
            let changes = try TenantChanges(json: &fields)
            let changed: Tenant = try await database.transaction(as: .admin) { transaction in
                try await TenantOperations.update(tenant.id, changes, by: TenantFixture.stamp, in: transaction)
            }
            #expect(changed.name == "New")
            #expect(changed.email == nil)
            #expect(changed.spendLimit?.minor == 500)
            #expect(changed.timeZone == tenant.timeZone)
            let found: Tenant? = try await database.transaction(as: .admin) { transaction in
                try await TenantQueries.find(tenant.id, in: transaction)
            }
            #expect(found == changed)
        }
    }

    @Test func `a suspension can be taken back, a closing cannot`() async throws {
        try await withDatabase { database in
            let id = try await TenantFixture.tenant(in: database).id
            func act(_ status: TenantStatus) async throws -> TenantStatus {
                try await database.transaction(as: .admin) { transaction in
                    let stamp = TenantFixture.stamp
                    return switch status {
                    case .active: try await TenantOperations.resume(id, by: stamp, in: transaction).status
                    case .suspended: try await TenantOperations.suspend(id, by: stamp, in: transaction).status
                    case .closed: try await TenantOperations.close(id, by: stamp, in: transaction).status
                    }
                }
            }
            #expect(try await act(.suspended) == .suspended)
            #expect(try await act(.suspended) == .suspended)
            #expect(try await act(.active) == .active)
            #expect(try await act(.closed) == .closed)
            await #expect(throws: TenantError.notChangeable(id, status: .closed)) { try await act(.active) }
            await #expect(throws: TenantError.notChangeable(id, status: .closed)) { try await act(.suspended) }
        }
    }

    @Test func `a currency is fixed once, whoever comes first`() async throws {
        try await withDatabase { database in
            let id = try await TenantFixture.tenant(in: database).id
            let fixed = try await withThrowingTaskGroup(of: Currency?.self) { group in
                for currency in [Currency.usd, .eur, .usd, .eur] {
                    group.addTask {
                        do {
                            try await database.transaction(as: .tenant(id)) { transaction in
                                try await TenantOperations.fixCurrency(
                                    currency,
                                    of: id,
                                    by: TenantFixture.stamp,
                                    in: transaction
                                )
                            }
                            return currency
                        } catch TenantError.currencyFixed {
                            return nil
                        }
                    }
                }
                return try await group.reduce(into: [Currency]()) { if let currency = $1 { $0.append(currency) } }
            }
            #expect(fixed.count == 2)
            #expect(Set(fixed).count == 1)
        }
    }

    @Test func `a spend limit is in the tenant's currency`() async throws {
        try await withDatabase { database in
            let id = try await TenantFixture.tenant(in: database).id
            func limit(_ money: Money?) async throws -> Money? {
                try await database.transaction(as: .admin) { transaction in
                    try await TenantOperations.setSpendLimit(money, of: id, by: TenantFixture.stamp, in: transaction)
                        .spendLimit
                }
            }
            let dollars = Money(minor: 5_000, currency: .usd)
            await #expect(throws: TenantError.currencyMissing(id)) { try await limit(dollars) }
            try await database.transaction(as: .system) { transaction in
                try await TenantOperations.fixCurrency(.usd, of: id, by: TenantFixture.stamp, in: transaction)
            }
            #expect(try await limit(dollars) == dollars)
            await #expect(throws: TenantError.self) { try await limit(Money(minor: 1, currency: .eur)) }
            await #expect(throws: TenantError.self) { try await limit(Money(minor: -1, currency: .usd)) }
            #expect(try await limit(nil) == nil)
        }
    }

    @Test(arguments: [
        (#"{}"#, "name"), (#"{"name": ""}"#, "name"), (#"{"name": " "}"#, "name"), (#"{"name": "a\nb"}"#, "name"),
        (#"{"name": "A", "email": "nobody"}"#, "email"), (#"{"name": "A", "timezone": "Mars/Base"}"#, "timezone"),
        (#"{"name": "A", "currency": "usd"}"#, "currency"), (#"{"name": "A", "metadata": []}"#, "metadata"),
        (#"{"name": "A", "colour": 1}"#, "colour"), (#"{"name": "A", "legal_entity": "ten_x"}"#, "legal_entity"),
        (#"{"name": "A", "spend_limit": {"amount": "1.00", "currency": "USD"}}"#, "spend_limit.currency"),
        (
            #"{"name": "A", "currency": "USD", "spend_limit": {"amount": "1.001", "currency": "USD"}}"#,
            "spend_limit.amount"
        ),
    ])
    func `a bad draft names its field`(_ text: String, _ field: String) throws {
        let error = #expect(throws: Problem.self) {
            var fields = try JSONFields(JSONValue(parsing: text))
            _ = try TenantDraft(json: &fields)
        }
        #expect(error?.errors.map(\.field) == [field])
    }
}
