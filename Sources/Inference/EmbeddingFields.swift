package import Values

/// What `/v1/embeddings` takes.
package struct EmbeddingFields: Sendable {
    /// How a vector is written.
    package enum Encoding: String, CaseIterable, Sendable {
        /// A list of numbers.
        case float
        /// The bytes of little-endian 32-bit numbers.
        case base64
    }

    /// What is asked of the model.
    package let request: InferenceRequest
    package let encoding: Encoding
    /// So many numbers of each vector are wanted; nil is all.
    package let dimensions: Int?

    /// Reads a whole request.
    ///
    /// - Throws: The first field that is wrong.
    package init(_ fields: inout JSONFields) throws(Problem) {
        let model = try fields.string("model")
        let inputs = try EmbeddingTask.inputs("input", &fields)
        encoding = try fields.optionalChoice("encoding_format", as: Encoding.self) ?? .float
        dimensions = try fields.optionalInt("dimensions")
        if let dimensions, !(1...65_536).contains(dimensions) {
            throw fields.invalid("dimensions", "is \(dimensions); it must be at least 1")
        }
        var request = InferenceRequest(model: model, task: TaskName.embed.rawValue, prompt: .embeddings(inputs))
        request.subject = try fields.optionalString("user")
        try fields.finish()
        self.request = request
    }

    /// The list of vectors, in the order of the texts.
    ///
    /// - Throws: The model's vectors have fewer numbers than are wanted.
    package func object(_ answer: InferenceAnswer) throws(Problem) -> JSONValue {
        var data: [JSONValue] = []
        for (index, vector) in answer.content.vectors.enumerated() {
            let vector = try cut(vector)
            data.append([
                "object": "embedding", "index": .int(index),
                "embedding": encoding == .float ? TaskForm.json(vector) : .string(Self.base64(vector)),
            ])
        }
        return [
            "object": "list", "data": .array(data), "model": .string(answer.model),
            "usage": [
                "prompt_tokens": .int(answer.usage.promptTokens), "total_tokens": .int(answer.usage.promptTokens),
            ],
        ]
    }

    /// The first numbers, made long as one again.
    private func cut(_ vector: [Float]) throws(Problem) -> [Float] {
        guard let dimensions, dimensions != vector.count else { return vector }
        guard dimensions < vector.count else {
            throw .invalid("dimensions", "is \(dimensions); vectors of this model have \(vector.count)")
        }
        let part = vector.prefix(dimensions)
        let length = part.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 ? part.map { $0 / length } : Array(part)
    }

    /// The bytes of a vector in letters.
    package static func base64(_ vector: [Float]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        let bytes = vector.flatMap { number in
            let bits = number.bitPattern
            return (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt32($0))) }
        }
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            var word: UInt32 = 0
            for byte in part { word = word << 8 | UInt32(byte) }
            word <<= UInt32(8 * (3 - part.count))
            for place in 0..<4 {
                let isThere = place <= part.count
                text.append(isThere ? alphabet[Int(word >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
