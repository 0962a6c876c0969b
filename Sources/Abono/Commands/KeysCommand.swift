import ArgumentParser
import Tenants
import Values

/// The command `abono keys`.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "API keys of tenants and staff.",
        discussion: """
              abono keys create --tenant ten_01h455vb4pex5vsknk084sn02q --scopes inference,usage:read
              abono keys create --staff finance
            """,
        subcommands: [Create.self, List.self, Revoke.self]
    )

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a key and prints its secret, this once.",
            discussion: """
                A tenant's key has the scopes given, or all of them: \
                \(KeyScope.allCases.map(\.rawValue).joined(separator: ", ")).

                  abono keys create --tenant ten_01h455vb4pex5vsknk084sn02q --scopes inference,usage:read
                """
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "The tenant whose key it is.", transform: Parse.id) var tenant: TenantID?
        @Option(help: "Makes a staff key: admin, finance or support.", transform: Parse.word) var staff: StaffRole?
        @Option(help: "What it may do, separated by commas.", transform: KeysCommand.scopes) var scopes: Scopes?
        @Option(help: "What people call it.") var name: String?
        @Option(help: "When it stops to work.", transform: Parse.instant) var expiresAt: Instant?

        func validate() throws {
            guard (tenant == nil) != (staff == nil) else {
                throw ValidationError("say whose key it is: either --tenant ID or --staff admin|finance|support")
            }
            guard staff == nil || scopes == nil else {
                throw ValidationError("--scopes is for tenants' keys; what staff may do is said by the role")
            }
        }

        func run() async throws {
            let draft = try KeyDraft(
                name: name,
                scopes: scopes?.set ?? Set(KeyScope.allCases),
                expiresAt: expiresAt
            )
            let made = try await Session.run(options) { session in
                try await session.administer { transaction in
                    if let tenant {
                        return try await KeyOperations.create(draft, for: tenant, by: session.stamp, in: transaction)
                    }
                    return try await KeyOperations.createStaff(
                        draft,
                        role: staff ?? .support,
                        by: session.stamp,
                        in: transaction
                    )
                }
            }
            var json = made.key.json.object ?? JSONObject()
            json["secret"] = .string(made.secret)
            Output(format: options.format).object(.object(json))
            if options.format == .table {
                CommandFailure.say("Keep the secret: it is not stored and cannot be shown again.")
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists a tenant's keys, or the staff's, revoked ones too.",
            discussion: "  abono keys list --tenant ten_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "The tenant; without it staff keys are listed.", transform: Parse.id) var tenant: TenantID?
        @Option(help: "The last id of the page before.", transform: Parse.id) var after: KeyID?

        func run() async throws {
            let keys = try await Session.run(options) { session in
                if let tenant { _ = try await session.tenant(tenant) }
                return try await session.read { transaction in
                    if let tenant {
                        return try await KeyQueries.list(of: tenant, limit: page.limit, after: after, in: transaction)
                    }
                    return try await KeyQueries.listStaff(limit: page.limit, after: after, in: transaction)
                }
            }
            Output(format: options.format).list(
                ["id", "name", "prefix", "owner", "scopes", "last_used_at", "expires_at", "revoked_at"],
                keys.map { key in
                    [
                        key.id.text, key.name, key.prefix, key.tenant?.text ?? "staff \(key.staffRole?.rawValue ?? "")",
                        key.scopes.map(\.rawValue).joined(separator: " "), key.lastUsedAt?.text ?? "",
                        key.expiresAt?.text ?? "", key.revokedAt?.text ?? "",
                    ]
                },
                json: .array(keys.map(\.json))
            )
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revokes a key: the next request with it is refused.",
            discussion: "  abono keys revoke key_01h455vb4pex5vsknk084sn02q --yes"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The key's id.", transform: Parse.id) var id: KeyID

        func run() async throws {
            let key = try await Session.run(options) { session in
                let known = try await session.read { transaction in try await KeyQueries.find(id, in: transaction) }
                guard let known else { throw TenantError.keyNotFound(id) }
                try confirmation.require("Revoke the key \(known.prefix)… (\(known.name))? It cannot be taken back.")
                return try await session.administer { transaction in
                    try await KeyOperations.revoke(id, by: session.stamp, in: transaction)
                }
            }
            Output(format: options.format).object(key.json)
        }
    }

    /// Scopes from the command line.
    struct Scopes {
        let set: Set<KeyScope>
    }

    static func scopes(_ text: String) throws -> Scopes {
        do throws(Problem) {
            return Scopes(set: try KeyDraft.scopes(text))
        } catch {
            throw ValidationError(error.message)
        }
    }
}
