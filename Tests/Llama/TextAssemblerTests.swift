import Testing

@testable import Llama

@Suite struct TextAssemblerTests {
    /// Feeds bytes in parts of every size and checks that the text is the same, in whole characters.
    private static func texts(of text: String, stops: [String]) -> Set<String> {
        let bytes = Array(text.utf8)
        var results: Set<String> = []
        for size in 1...max(bytes.count, 1) {
            var assembler = TextAssembler(stops: stops)
            var pieces: [String] = []
            for start in stride(from: 0, to: bytes.count, by: size) where !assembler.isStopped {
                pieces.append(assembler.append(Array(bytes[start..<min(start + size, bytes.count)])))
            }
            pieces.append(assembler.finish())
            #expect(pieces.allSatisfy { !$0.unicodeScalars.contains("\u{FFFD}") })
            results.insert(pieces.joined())
        }
        return results
    }

    @Test(arguments: ["plain", "naïve café", "漢字と仮名", "😀👩‍👩‍👧‍👦🇩🇪", "a\u{0301}\u{0}\n"])
    func `characters come out whole however the bytes are cut`(text: String) {
        #expect(Self.texts(of: text, stops: []) == [text])
        #expect(Self.texts(of: text, stops: ["###", "\u{10FFFF}"]) == [text])
    }

    @Test func `a stop text ends the text wherever the bytes are cut`() {
        #expect(Self.texts(of: "one END two", stops: ["END"]) == ["one "])
        #expect(Self.texts(of: "漢字。続き", stops: ["。"]) == ["漢字"])
        #expect(Self.texts(of: "aaab", stops: ["aab"]) == ["a"])
        #expect(Self.texts(of: "ENDEN EN", stops: ["ENDE!"]) == ["ENDEN EN"])
        #expect(Self.texts(of: "stop", stops: ["stop"]) == [""])
    }

    @Test func `of several stop texts the one that ends first counts`() {
        #expect(Self.texts(of: "one two three", stops: ["three", "two"]) == ["one "])
        #expect(Self.texts(of: "abcdef", stops: ["cd", "bcdefg"]) == ["ab"])
    }

    @Test func `text is held back only while it may become a stop text`() {
        var assembler = TextAssembler(stops: ["\n\n"])
        #expect(assembler.append(Array("line\n".utf8)) == "line")
        #expect(assembler.append(Array("next".utf8)) == "\nnext")
        #expect(assembler.append(Array("\n".utf8)) == "")
        #expect(assembler.finish() == "\n")
    }

    @Test func `a character that is never finished becomes a replacement at the end`() {
        var assembler = TextAssembler(stops: [])
        #expect(assembler.append([0x61, 0xE6, 0xBC]) == "a")
        #expect(assembler.finish() == "\u{FFFD}")
        assembler = TextAssembler(stops: [])
        #expect(assembler.append([0xE6, 0x61]) == "\u{FFFD}a")
        assembler = TextAssembler(stops: [])
        #expect(assembler.append([0x80, 0x80, 0x80, 0x80]).unicodeScalars.allSatisfy { $0 == "\u{FFFD}" })
    }
}
