import Foundation
import Subprocess
import SystemPackage
import Testing
import Values

/// The stream of `abono bench ingest --full` at a small size: the real program, a private database, and both killed
/// while events come.
@Suite(.serialized) struct IngestCrashTests {
    @Test(.timeLimit(.minutes(20)))
    func `events that come while processes die are each counted once, and all tables agree`() async throws {
        let result = try await Subprocess.run(
            .path(FilePath(try ServerProcess.program)),
            arguments: [
                "bench", "ingest", "--full", "--events", "5000", "--batch", "25", "--singles", "200",
                "--stored", "2000", "--reads", "10000", "--format", "json",
            ],
            input: .none,
            output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20)
        )
        #expect(result.terminationStatus.isSuccess, "\(result.standardError)")
        let json = try JSONValue(parsing: result.standardOutput)
        #expect(json["bench"] == "ingest")
        let figures = json["figures"]
        // The command ends with an error where the sums or the tables differ.
        #expect(figures?["differences"]?.int == 0)
        #expect(json["ratios"]?["sum_metered_vs_sent"]?.int == 1)
        for name in [
            "events_sent", "events_sent_twice", "events_late", "events_voided", "server_recovery_seconds",
            "database_recovery_seconds", "events_per_second", "copy_rows_per_second",
            "single_requests_per_second", "half_peak_p99_ms", "stored_events_per_second", "read_month_by_day_p99_ms",
        ] {
            #expect((figures?[name]?.double ?? 0) > 0, "\(name)")
        }
    }
}
