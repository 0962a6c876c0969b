import Foundation
import Values

// Numbers on the wire between engine and server. Vectors go as the bytes of their numbers, 32 bits each with the least
// significant byte first, in base64: as decimal digits they would cost more than computing them.

extension TokenLogprob {
    /// `[token, bytes in base64, logarithm, [the same of the likeliest, …]]`.
    var frame: JSONValue {
        .array(picked.frame + [.array(top.map { .array($0.frame) })])
    }

    fileprivate init?(frame: JSONValue) {
        guard let picked = Candidate(frame: frame), let likeliest = frame[3]?.array else { return nil }
        let top = likeliest.compactMap { Candidate(frame: $0) }
        guard top.count == likeliest.count else { return nil }
        self.init(picked: picked, top: top)
    }
}

extension TokenLogprob.Candidate {
    fileprivate var frame: [JSONValue] {
        [.int(token), .string(Data(bytes).base64EncodedString()), .logprob(logprob)]
    }

    fileprivate init?(frame: JSONValue) {
        guard let token = frame[0]?.int, let text = frame[1]?.string, let bytes = Data(base64Encoded: text),
            let logprob = frame[2]?.double
        else { return nil }
        self.init(token: token, bytes: Array(bytes), logprob: logprob)
    }
}

extension [[Float]] {
    /// The frame `vectors`; all have the same size.
    func frame(of id: Int) -> JSONValue {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * (first?.count ?? 0) * 4)
        for vector in self {
            for number in vector {
                let bits = number.bitPattern
                for shift in stride(from: 0, through: 24, by: 8) {
                    bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(shift)))
                }
            }
        }
        return [
            "frame": "vectors", "id": .int(id), "size": .int(first?.count ?? 0),
            "data": .string(Data(bytes).base64EncodedString()),
        ]
    }
}

extension JSONValue {
    /// A logarithm of a probability; that of an impossible token, which JSON cannot say, is the least a client expects.
    static func logprob(_ value: Double) -> JSONValue {
        .double(value.isFinite ? value : -9999)
    }
}

extension JSONFields {
    mutating func logprobs() throws(Problem) -> [TokenLogprob] {
        var logprobs: [TokenLogprob] = []
        for (value, path) in try optionalArray("logprobs") ?? [] {
            guard let logprob = TokenLogprob(frame: value) else {
                throw .invalid(path, "must be a token, its bytes, its logarithm and the likeliest")
            }
            logprobs.append(logprob)
        }
        return logprobs
    }

    mutating func scores() throws(Problem) -> [ContinuationScore] {
        var scores: [ContinuationScore] = []
        for (value, path) in try array("scores") {
            guard let logarithm = value[0]?.double, let tokens = value[1]?.int else {
                throw .invalid(path, "must be a logarithm and a number of tokens")
            }
            scores.append(ContinuationScore(logLikelihood: logarithm, tokens: tokens))
        }
        return scores
    }

    mutating func vectors() throws(Problem) -> [[Float]] {
        let size = try int("size")
        guard let bytes = Data(base64Encoded: try string("data")), size > 0, bytes.count % (4 * size) == 0 else {
            throw invalid("data", "must be whole vectors of \(size) numbers in base64")
        }
        let all = Array(bytes)
        return stride(from: 0, to: all.count, by: 4 * size).map { start in
            stride(from: start, to: start + 4 * size, by: 4).map { place in
                let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(all[place + $1]) << UInt32(8 * $1) }
                return Float(bitPattern: bits)
            }
        }
    }
}
