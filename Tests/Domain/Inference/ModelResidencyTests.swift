import Testing

@testable import Inference

@Suite struct ModelResidencyTests {
    @Test func `the model used longest ago makes room`() {
        var residency = ModelResidency(budget: 100)
        for name in ["a", "b"] { #expect(residency.use(name, bytes: 40) { _ in true } == []) }
        #expect(residency.use("a", bytes: 40) { _ in true } == [])
        #expect(residency.use("c", bytes: 40) { _ in true } == ["b"])
        #expect(residency.bytes == 80)
        #expect(residency.use("d", bytes: 90) { _ in true } == ["a", "c"])
        #expect(residency.holds("d"))
        #expect(residency.bytes == 90)
    }

    @Test func `a model that works stays`() {
        var residency = ModelResidency(budget: 100)
        for name in ["a", "b"] { _ = residency.use(name, bytes: 50) { _ in true } }
        #expect(residency.use("c", bytes: 20) { $0 != "a" } == ["b"])
        #expect(residency.use("d", bytes: 60) { $0 == "c" } == nil)
        #expect(residency.holds("a"))
        #expect(residency.holds("c"))
        residency.remove("a")
        #expect(residency.use("d", bytes: 60) { _ in false } == [])
    }

    @Test func `a model larger than the budget runs alone`() {
        var residency = ModelResidency(budget: 100)
        _ = residency.use("a", bytes: 50) { _ in true }
        #expect(residency.use("big", bytes: 300) { _ in false } == nil)
        #expect(residency.use("big", bytes: 300) { _ in true } == ["a"])
        #expect(residency.use("a", bytes: 50) { _ in false } == nil)
        #expect(residency.use("a", bytes: 50) { _ in true } == ["big"])
    }
}
