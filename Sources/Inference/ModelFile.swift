import Crypto
import Foundation

/// A model's weights on disk.
package struct ModelFile: Hashable, Sendable {
    package let path: String
    package let byteCount: Int

    private static let magic = Data("GGUF".utf8)
    private static let supportedVersions: ClosedRange<UInt32> = 2...3

    /// Looks at a file.
    ///
    /// - Throws: `InferenceError.modelFile` if it is not a GGUF file that can be read.
    package init(path: String) throws(InferenceError) {
        let head: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            head = try handle.read(upToCount: 8) ?? Data()
            byteCount = Int(try handle.seekToEnd())
        } catch {
            throw .modelFile("the model file \(path) cannot be read")
        }
        guard head.count == 8, head.prefix(4) == Self.magic else {
            throw .modelFile("\(path) is not a GGUF file: it does not begin with GGUF")
        }
        let version = head.dropFirst(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard Self.supportedVersions.contains(version) else {
            throw .modelFile("\(path) is GGUF version \(version); versions 2 and 3 can be used")
        }
        self.path = path
    }

    /// The SHA-256 of the whole file as lower-case hexadecimal digits; takes about a second for a gigabyte.
    ///
    /// - Throws: `InferenceError.modelFile` if the file cannot be read to its end.
    package func sha256() throws(InferenceError) -> String {
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            var hash = SHA256()
            while let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty {
                hash.update(data: chunk)
            }
            return hash.finalize().map { byte in
                let digits = String(byte, radix: 16)
                return digits.count == 1 ? "0" + digits : digits
            }.joined()
        } catch {
            throw .modelFile("the model file \(path) cannot be read")
        }
    }

    /// Refuses a file that is not the one that was registered.
    ///
    /// - Throws: `InferenceError.modelFile` if the SHA-256 differs.
    package func check(sha256 expected: String) throws(InferenceError) {
        let actual = try sha256()
        guard actual == expected.lowercased() else {
            throw .modelFile("\(path) has SHA-256 \(actual), not \(expected)")
        }
    }

    /// Bytes that engines over the file take: its weights once, since all map the same file, and in each engine the
    /// caches of its sequences and what it computes in.
    ///
    /// - Throws: `InferenceError.modelFile` if the header is damaged.
    package func memory(workers: Int, sequences: Int, context: Int) throws(InferenceError) -> Int {
        let header = try ModelHeader(path: path)
        let tokens = (sequences + EngineOptions.reserve(of: sequences)) * min(context, header.context)
        return byteCount + workers * (header.cacheBytesPerToken * tokens + Self.computeBytes)
    }

    /// An allowance for what an engine takes beside weights and caches.
    private static let computeBytes = 64 << 20
}
