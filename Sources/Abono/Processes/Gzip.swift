import Foundation
import Subprocess
import Synchronization
import SystemPackage
import Values

/// Compresses and expands with the program `gzip`, a piece at a time.
enum Gzip {
    /// Writes what a closure hands over to a new file, compressed; the file is on the disk when this returns.
    ///
    /// `body`: takes a function that may block and runs outside the cooperative threads.
    static func write<Value: Sendable>(
        to path: String,
        _ body: (_ sink: @escaping @Sendable ([UInt8]) throws -> Void) async throws -> Value
    ) async throws -> Value {
        let file = try FileDescriptor.open(
            FilePath(path),
            .writeOnly,
            options: [.create, .truncate],
            permissions: [.ownerReadWrite]
        )
        defer { try? file.close() }
        let pipe = try FileDescriptor.pipe()
        let writer = PipeEnd(pipe.writeEnd)
        defer { writer.close() }
        // The child must not hold the other end open: it would wait for itself.
        _ = fcntl(pipe.writeEnd.rawValue, F_SETFD, FD_CLOEXEC)
        let result = try await Subprocess.run(
            .name("gzip"),
            arguments: ["-c"],
            input: .fileDescriptor(pipe.readEnd, closeAfterSpawningProcess: true),
            output: .fileDescriptor(file, closeAfterSpawningProcess: false),
            error: .discarded
        ) { _ in
            defer { writer.close() }
            let value = try await body { bytes in try writer.write(bytes) }
            try writer.finish()
            return value
        }
        guard result.terminationStatus.isSuccess, fsync(file.rawValue) == 0 else {
            throw Problem.invalid("FILE", "\(path) cannot be written: gzip failed")
        }
        return result.closureResult
    }

    /// Reads a file and hands over what it was before it was compressed.
    static func read(_ path: String, _ body: ([UInt8]) async throws -> Void) async throws {
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(FilePath(path), .readOnly)
        } catch { throw Problem.invalid("FILE", "\(path) cannot be read: \(error)") }
        defer { try? file.close() }
        let result = try await Subprocess.run(
            .name("gzip"),
            arguments: ["-dc"],
            input: .fileDescriptor(file, closeAfterSpawningProcess: false),
            output: .sequence,
            error: .discarded
        ) { execution in
            for try await buffer in execution.standardOutput {
                try await body(unsafe buffer.withUnsafeBytes { bytes in unsafe Array(bytes) })
            }
        }
        guard result.terminationStatus.isSuccess else {
            throw Problem.invalid("FILE", "\(path) is no whole gzip file")
        }
    }
}

/// The end of a pipe into which one thread writes at a time.
private final class PipeEnd: Sendable {
    private struct State {
        var descriptor: FileDescriptor?
        var waiting: [UInt8] = []
    }

    private static let piece = 1 << 16
    private let state: Mutex<State>

    init(_ descriptor: FileDescriptor) { state = Mutex(State(descriptor: descriptor)) }

    func write(_ bytes: [UInt8]) throws {
        try state.withLock { state in
            state.waiting += bytes
            guard state.waiting.count >= Self.piece else { return }
            _ = try state.descriptor?.writeAll(state.waiting)
            state.waiting.removeAll(keepingCapacity: true)
        }
    }

    /// Writes what waits and says that no more comes; closing it again is no work.
    func finish() throws {
        try state.withLock { state in
            defer { Self.close(&state) }
            _ = try state.descriptor?.writeAll(state.waiting)
            state.waiting = []
        }
    }

    func close() { state.withLock { Self.close(&$0) } }

    private static func close(_ state: inout State) {
        try? state.descriptor?.close()
        state.descriptor = nil
    }
}
