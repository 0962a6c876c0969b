// swift-tools-version: 6.2
import PackageDescription

/// Every module of ours is built with these; DESIGN of each flag is in README.md ("How it is built").
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let bigInt = Target.Dependency.product(name: "BigInt", package: "BigInt")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")

let migrations = [
    "0001_foundation.sql", "0002_tenants.sql", "0003_jobs.sql", "0004_plans.sql", "0005_metering.sql",
    "0006_ledger.sql", "0007_subscriptions.sql", "0008_billing.sql", "0009_inference.sql", "0010_api.sql",
    "0011_catalogue.sql", "0012_lifecycle.sql", "0013_adjustments.sql", "0014_invoicing.sql", "0015_payments.sql",
    "0016_gateways.sql", "0017_credit_notes.sql", "0018_webhooks.sql", "0019_clocks.sql",
    "0020_usage.sql", "0021_entitlements.sql", "0022_ingest.sql", "0023_costs.sql", "0024_reports.sql",
    "0025_corrections.sql", "0026_settlement.sql", "0027_catalogue_rules.sql",
    "0028_movements.sql", "0029_tasks.sql",
]

let package = Package(
    name: "abono",
    products: [.executable(name: "abono", targets: ["Abono"])],
    dependencies: [
        // Exact versions: Package.resolved holds commit ids that differ from mirror to mirror.
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/attaswift/BigInt", exact: "6.0.1"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
    ],
    targets: [
        // Arrows point down only; a wrong one does not compile.
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq"),
        .systemLibrary(name: "CLlama", pkgConfig: "llama"),
        .target(name: "CLlamaShim", dependencies: ["CLlama"]),
        .target(name: "Values", dependencies: [bigInt]),
        .target(name: "Postgres", dependencies: ["CPostgres", "Values"]),
        .target(
            name: "Migrations",
            dependencies: ["Postgres"],
            path: "Migrations",
            resources: migrations.map { .embedInCode(.init(stringLiteral: $0)) }
        ),
        .target(name: "Jobs", dependencies: ["Postgres", "Values", lifecycle, logging]),
        .target(name: "Tenants", dependencies: ["Jobs", "Postgres", "Values", crypto]),
        .target(name: "Plans", dependencies: ["Jobs", "Postgres", "Values"]),
        .target(name: "Metering", dependencies: ["Jobs", "Postgres", "Values", crypto]),
        .target(name: "Ledger", dependencies: ["Postgres", "Values"]),
        .target(
            name: "Subscriptions",
            dependencies: ["Jobs", "Metering", "Plans", "Postgres", "Tenants", "Values"]
        ),
        .target(
            name: "Billing",
            dependencies: [
                "Jobs", "Ledger", "Metering", "Plans", "Postgres", "Subscriptions", "Tenants", "Values",
                asyncHTTPClient, crypto, logging, nio, nioHTTP1, subprocess,
            ]
        ),
        .target(
            name: "Webhooks",
            dependencies: ["Jobs", "Postgres", "Tenants", "Values", asyncHTTPClient, crypto, logging, nio, nioHTTP1]
        ),
        .target(name: "Revenue", dependencies: ["Jobs", "Ledger", "Plans", "Postgres", "Subscriptions", "Values"]),
        .target(name: "Forecasting", dependencies: ["Revenue", "Values"]),
        .target(
            name: "Inference",
            dependencies: [
                "Billing", "Jobs", "Metering", "Plans", "Postgres", "Subscriptions", "Tenants", "Values", crypto,
                lifecycle, logging, metrics, subprocess, system,
            ]
        ),
        .target(name: "Llama", dependencies: ["CLlama", "CLlamaShim", "Inference", "Values"]),
        .target(
            name: "API",
            dependencies: [
                "Billing", "Forecasting", "Inference", "Jobs", "Metering", "Plans", "Postgres", "Revenue",
                "Subscriptions", "Tenants", "Values", "Webhooks", coreMetrics, crypto, httpTypes, hummingbird, logging,
                nio,
            ]
        ),
        .executableTarget(
            name: "Abono",
            dependencies: [
                "API", "Billing", "Forecasting", "Inference", "Jobs", "Ledger", "Llama", "Metering", "Migrations",
                "Plans", "Postgres", "Revenue", "Subscriptions", "Tenants", "Values", "Webhooks", arguments,
                configuration, coreMetrics, crypto, hummingbird, lifecycle, logging, nio, subprocess, system,
                unixSignals,
            ]
        ),
        .target(name: "TestSupport", dependencies: ["Migrations", "Postgres", "Values"], path: "Tests/TestSupport"),
        .testTarget(name: "ValuesTests", dependencies: ["Values", bigInt], path: "Tests/Values"),
        .testTarget(
            name: "PostgresTests",
            dependencies: [
                "Jobs", "Migrations", "Postgres", "TestSupport", "Values", lifecycle, logging, subprocess, system,
            ],
            path: "Tests/Postgres"
        ),
        .testTarget(
            name: "DomainTests",
            dependencies: [
                "Billing", "Forecasting", "Inference", "Jobs", "Ledger", "Metering", "Plans", "Postgres", "Revenue",
                "Subscriptions", "Tenants", "TestSupport", "Values", "Webhooks", logging, nio, subprocess,
            ],
            path: "Tests/Domain",
            exclude: ["Cases"]
        ),
        .testTarget(
            name: "LlamaTests",
            dependencies: [
                "Inference", "Jobs", "Llama", "Metering", "Plans", "Postgres", "Subscriptions", "Tenants",
                "TestSupport", "Values", logging,
            ],
            path: "Tests/Llama"
        ),
        .testTarget(
            name: "APITests",
            dependencies: [
                "API", "Billing", "Inference", "Jobs", "Metering", "Plans", "Postgres", "Subscriptions", "Tenants",
                "TestSupport", "Values", "Webhooks", httpTypes, hummingbird, hummingbirdTesting, logging, subprocess,
                system,
            ],
            path: "Tests/API"
        ),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system && target.name != "CLlamaShim" {
    target.swiftSettings = settings
}

/// Those with a page of their invariants, which is no source.
let documented = [
    "API", "Billing", "Forecasting", "Inference", "Jobs", "Ledger", "Llama", "Metering", "Plans", "Postgres", "Revenue",
    "Subscriptions", "Tenants", "Values", "Webhooks",
]
for target in package.targets where documented.contains(target.name) { target.exclude.append("README.md") }
