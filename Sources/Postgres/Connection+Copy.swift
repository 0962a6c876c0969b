import CPostgres

/// COPY, which cannot run in a pipeline.
extension Connection {
    /// Sends rows to `COPY … FROM STDIN`; returns how many were stored.
    ///
    /// Stops at the task's cancellation.
    func copyIn(_ sql: String, chunks: [[UInt8]]) async throws(PostgresError) -> Int {
        try await interruptible { () throws(PostgresError) in
            try sendHead()
            return try store(sql, chunks)
        }
    }

    /// Reads all of `COPY … TO STDOUT`, handing each row's bytes over as they come.
    ///
    /// Stops at the task's cancellation. If `row` throws, the server is told to stop, and the transaction can only be rolled back.
    func copyOut(_ sql: String, _ row: @Sendable ([UInt8]) throws -> Void) async throws {
        var refusal: (any Error)?
        do {
            try await interruptible { () throws(PostgresError) in
                try sendHead()
                refusal = try load(sql, row)
            }
        } catch {
            throw refusal ?? error
        }
        if let refusal { throw refusal }
    }

    private func store(_ sql: String, _ chunks: [[UInt8]]) throws(PostgresError) -> Int {
        canceller.begin()
        defer { canceller.end() }
        let opened = unsafe PQexec(pointer, sql)
        defer { unsafe PQclear(opened) }
        guard unsafe PQresultStatus(opened) == PGRES_COPY_IN else { throw unsafe error(of: opened) }
        var isBroken = false
        for chunk in chunks where !isBroken { isBroken = !put(chunk) }
        _ = unsafe PQputCopyEnd(pointer, isBroken ? "the client gave up" : nil)
        return try end()
    }

    private func put(_ chunk: [UInt8]) -> Bool {
        while true {
            let outcome = unsafe chunk.withUnsafeBytes { bytes in
                unsafe PQputCopyData(pointer, bytes.bindMemory(to: CChar.self).baseAddress, Int32(bytes.count))
            }
            if outcome == 1 { return true }
            guard outcome == 0, (try? flush()) != nil else { return false }
        }
    }

    /// Returns what `row` threw, once the rest has been read and thrown away.
    private func load(_ sql: String, _ row: @Sendable ([UInt8]) throws -> Void) throws(PostgresError) -> (any Error)? {
        canceller.begin()
        defer { canceller.end() }
        let opened = unsafe PQexec(pointer, sql)
        defer { unsafe PQclear(opened) }
        guard unsafe PQresultStatus(opened) == PGRES_COPY_OUT else { throw unsafe error(of: opened) }
        var refusal: (any Error)?
        while true {
            var buffer: UnsafeMutablePointer<CChar>?
            let length = unsafe PQgetCopyData(pointer, &buffer, 0)
            guard length > 0 else { break }
            let bytes = unsafe Array(UnsafeRawBufferPointer(start: buffer, count: Int(length)))
            unsafe PQfreemem(buffer)
            guard refusal == nil else { continue }
            do { try row(bytes) } catch {
                refusal = error
                canceller.cancelRunning()
            }
        }
        do { _ = try end() } catch { if refusal == nil { throw error } }
        return refusal
    }

    /// Reads the results that end a COPY; returns how many rows it moved.
    private func end() throws(PostgresError) -> Int {
        var affected = 0
        var failed: PostgresError?
        while let result = unsafe PQgetResult(pointer) {
            if unsafe PQresultStatus(result) == PGRES_COMMAND_OK {
                affected = unsafe read(result).affected
            } else {
                failed = unsafe error(of: result)
            }
            unsafe PQclear(result)
        }
        if let failed { throw failed }
        return affected
    }

    private func sendHead() throws(PostgresError) {
        guard !head.isEmpty else { return }
        _ = try execute(["SELECT 1"])
    }
}
