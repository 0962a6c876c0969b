import Postgres
import Tenants
import TestSupport
import Testing
import Values

@Suite struct MemberTests {
    @Test func `an address belongs to one active member, in whatever case it is written`() async throws {
        try await withDatabase { database in
            let tenant = try await TenantFixture.tenant(email: "Ann@Example.com", in: database).id
            func add(_ email: String) async throws -> Member {
                try await database.transaction(as: .tenant(tenant)) { transaction in
                    try await MemberOperations.add(
                        try MemberDraft(email: email, role: .viewer),
                        to: tenant,
                        by: TenantFixture.stamp,
                        in: transaction
                    )
                }
            }
            await #expect(throws: TenantError.memberExists("ann@example.com")) { try await add("ann@example.com") }
            let bob = try await add("bob@example.com")
            try await database.transaction(as: .tenant(tenant)) { transaction in
                try await MemberOperations.remove(bob.id, tenant: tenant, by: TenantFixture.stamp, in: transaction)
            }
            let again = try await add("Bob@example.com")
            #expect(again.id != bob.id)
        }
    }

    @Test func `a tenant that has an owner keeps one, also when two leave at once`() async throws {
        try await withDatabase { database in
            let tenant = try await TenantFixture.tenant(email: "ann@example.com", in: database).id
            let second: Member = try await database.transaction(as: .tenant(tenant)) { transaction in
                try await MemberOperations.add(
                    try MemberDraft(email: "bob@example.com", role: .owner),
                    to: tenant,
                    by: TenantFixture.stamp,
                    in: transaction
                )
            }
            let owners: [Member] = try await database.transaction(as: .tenant(tenant)) { transaction in
                try await MemberQueries.list(of: tenant, limit: 10, in: transaction)
            }
            #expect(owners.contains(second))
            let left = try await withThrowingTaskGroup(of: Bool.self) { group in
                for owner in owners {
                    group.addTask {
                        do {
                            try await database.transaction(as: .tenant(tenant)) { transaction in
                                try await MemberOperations.setRole(
                                    .viewer,
                                    of: owner.id,
                                    tenant: tenant,
                                    by: TenantFixture.stamp,
                                    in: transaction
                                )
                            }
                            return true
                        } catch TenantError.lastOwner {
                            return false
                        }
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(left == 1)
        }
    }
}
