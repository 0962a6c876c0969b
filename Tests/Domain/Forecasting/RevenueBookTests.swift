import Testing
import Values

@testable import Forecasting

/// What a book says of its subscriptions.
@Suite struct RevenueBookTests {
    private typealias Stretch = RevenueBook.Stretch

    private func contract(_ stretches: [Stretch], boundary: Double? = nil) -> RevenueBook.Contract {
        RevenueBook.Contract(stretches: stretches, boundary: boundary, ends: false)
    }

    @Test func `a month has the part in which a price was in force`() {
        let book = RevenueBook(
            currency: .usd,
            asOf: 103.5,
            contracts: [
                contract(
                    [
                        Stretch(start: 100.25, end: 102.5, monthly: 100, term: 1),
                        Stretch(start: 102.5, end: .infinity, monthly: 200, term: 1),
                    ],
                    boundary: 104.25
                )
            ],
            usageStart: 101,
            usage: [7, 0]
        )
        #expect(book.recurring(from: 100, months: 4) == [75, 100, 150, 200])
        #expect(book.revenue(from: 100, months: 3) == [75, 107, 150])
        #expect(book.recurring(from: 103, months: 3, isCommitted: true) == [200, 50, 0])
        #expect(book.firstMonth == 103 && book.historyStart == 100)
    }

    @Test func `a subscription is lost when nothing is left, not when its plan changes`() {
        let own = contract([
            Stretch(start: 90, end: 93, monthly: 0, term: 1), Stretch(start: 93, end: 96, monthly: 50, term: 1),
            Stretch(start: 96, end: 97, monthly: 70, term: 1), Stretch(start: 97, end: 99, monthly: 60, term: 12),
            Stretch(start: 99, end: 99.5, monthly: 0, term: 12), Stretch(start: 99.5, end: 100.5, monthly: 9, term: 1),
        ])
        let spells = RevenueSpell.all(of: own, asOf: 101)
        #expect(spells.map(\.start) == [93, 97, 99.5])
        #expect(spells.map(\.isNew) == [true, false, true])
        #expect(spells.map(\.isLost) == [false, true, true])
        #expect(spells.map { $0.terms(asOf: 101, boundary: nil) } == [4, 1, 1])
        #expect(RevenueSpell.all(of: own, asOf: 92).isEmpty)
    }

    @Test func `the end of a term that is to come has not been seen yet`() {
        let own = contract([Stretch(start: 95.5, end: .infinity, monthly: 10, term: 1)], boundary: 100.5)
        let spell = RevenueSpell.all(of: own, asOf: 100)[0]
        #expect(spell.terms(asOf: 100, boundary: own.boundary) == 4)
        var history = RenewalHistory(term: 1)
        history.add(spell, asOf: 100, boundary: own.boundary)
        #expect(history.months.keys.sorted() == [96, 97, 98, 99])
        #expect(history.counts().lost == 0)
    }

    @Test func `new business is what came from nothing, by month`() throws {
        let book = RevenueBook(
            currency: .usd,
            asOf: 106,
            contracts: [
                contract([Stretch(start: 100.5, end: .infinity, monthly: 10, term: 1)], boundary: 106.5),
                contract([Stretch(start: 101.5, end: .infinity, monthly: 30, term: 12)], boundary: 113.5),
                contract(
                    [
                        Stretch(start: 102.5, end: 103.5, monthly: 5, term: 1),
                        Stretch(start: 105.5, end: .infinity, monthly: 5, term: 1),
                    ],
                    boundary: 106.5
                ),
            ]
        )
        let drivers = try RevenueDrivers(book, horizon: 3)
        #expect(drivers.new.history == [10, 30, 5, 0, 0, 5])
        #expect(drivers.newStart == 0.5)
        #expect(drivers.segments.map(\.model.term) == [1, 12])
        #expect(drivers.segments.map(\.model.lost) == [1, 0])
        #expect(drivers.segments.map(\.share) == [0.4, 0.6])
    }
}
