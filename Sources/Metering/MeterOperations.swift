import Jobs
package import Postgres
package import Values

/// Writing the catalogue of meters.
package enum MeterOperations {
    /// Puts a meter into the catalogue; the same definition again is no work.
    ///
    /// - Returns: whether it is new.
    /// - Throws: `MeteringError.meterTaken` if the code has another definition: what was counted would change.
    @discardableResult
    package static func put(
        _ meter: Meter,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        try meter.checkStorable()
        let written = try await transaction.execute(
            """
            INSERT INTO app.meters (code, definition, created_at, recorded_at, author)
            VALUES (\(meter.code), \(meter.json), \(stamp.at), \(stamp.recordedAt), \(stamp.author))
            ON CONFLICT (code) DO NOTHING
            """
        )
        guard written == 1 else {
            guard try await MeterQueries.find(meter.code, in: transaction) == meter else {
                throw MeteringError.meterTaken(meter.code)
            }
            return false
        }
        try await Activity.record(
            "meter.created",
            object: meter.code,
            tenant: nil,
            details: meter.json,
            by: stamp,
            in: transaction
        )
        return true
    }
}
