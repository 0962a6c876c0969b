package import Values

/// What becomes of the customers that began in the same month: how many are left, and what they bring, month by month.
///
/// Pure. A customer belongs to the month that first closed with anything of it, for good; one that comes back counts
/// in its own cohort again.
package struct CohortReport: Sendable {
    /// A cohort at an age.
    package struct Cell: Hashable, Sendable {
        /// Full months since the first; 0 is the first.
        package let age: Int
        /// Customers of it that bring something as that month closes.
        package let customers: Int
        /// What they bring.
        package let revenue: Money
    }

    /// The customers that began in a month, in one currency.
    package struct Cohort: Hashable, Sendable {
        /// The month in which they began.
        package let month: Month
        /// The currency.
        package let currency: Currency
        /// By age, from 0 to the last month that is known.
        package let cells: [Cell]

        /// Customers left ÷ customers at first.
        package func customerRetention(_ cell: Cell) -> Exact {
            Exact(cell.customers) / Exact(max(1, cells.first?.customers ?? 1))
        }

        /// Revenue left ÷ revenue at first.
        package func revenueRetention(_ cell: Cell) -> Exact {
            guard let first = cells.first?.revenue.exact, !first.isZero else { return .zero }
            return cell.revenue.exact / first
        }
    }

    /// Which months, and as of when; cohorts are those that began in them.
    package let months: ReportMonths
    /// By currency, then by month; months in which nobody began are left out.
    package let cohorts: [Cohort]
    private let basis: MRRBasis
    /// Who is in them.
    private let members: [Key: [CustomerRevenue]]

    /// Makes it of the report of recurring revenue.
    package init(of report: MRRReport) throws(Problem) {
        months = report.months
        basis = report.basis
        var members: [Key: [CustomerRevenue]] = [:]
        for customer in report.customers {
            guard let place = customer.closings.firstIndex(where: { !$0.isZero }) else { continue }
            let month = customer.first.adding(place)
            guard month >= months.from else { continue }
            members[Key(currency: customer.currency, month: month), default: []].append(customer)
        }
        var cohorts: [Cohort] = []
        for (key, own) in members.sorted(by: { $0.key < $1.key }) {
            cohorts.append(try CohortReport.cohort(key, own, until: months.to))
        }
        self.cohorts = cohorts
        self.members = members
    }

    /// The customers of a cohort that bring something at an age, in all currencies: `2025-06`, `2025-06:3`.
    package func entries(behind text: String) throws(Problem) -> [MRREntry] {
        let ages = (0...(months.to.index - months.from.index)).map(String.init)
        let cell = try ReportCell(parsing: text, columns: ages)
        let month = try months.month(of: cell)
        let asked = cell.column.flatMap { Int($0) }.map { [$0] } ?? Array(0...max(0, months.to.index - month.index))
        let own = members.filter { $0.key.month == month }.sorted { $0.key < $1.key }
        return asked.flatMap { age in
            own.flatMap { _, customers in
                customers.flatMap { $0.standing(.closing, in: month.adding(age), basis) }
            }
        }
    }

    private static func cohort(_ key: Key, _ members: [CustomerRevenue], until last: Month) throws(Problem) -> Cohort {
        var cells: [Cell] = []
        for age in 0...(last.index - key.month.index) {
            var customers = 0
            var revenue = Money.zero(key.currency)
            for member in members {
                let closing = member.closing(key.month.adding(age))
                if !closing.isZero { customers += 1 }
                revenue = try revenue.adding(closing)
            }
            cells.append(Cell(age: age, customers: customers, revenue: revenue))
        }
        return Cohort(month: key.month, currency: key.currency, cells: cells)
    }

    struct Key: Hashable, Comparable {
        let currency: Currency
        let month: Month

        static func < (left: Key, right: Key) -> Bool {
            (left.currency.code, left.month.index) < (right.currency.code, right.month.index)
        }
    }
}

extension CohortReport {
    /// The definition behind the numbers, printed with them.
    package static let definition: JSONValue = [
        "mrr": MRRReport.definition["mrr"] ?? .null,
        "cohort": "the month that first closed with anything of a customer, in each currency on its own",
        "age": "months since then; 0 is that month",
        "customer_retention": "customers that bring something at an age ÷ those at age 0",
        "revenue_retention": "what they bring at an age ÷ at age 0; above 1 where the rest grew more than was lost",
        "reactivation": "who comes back counts in the own cohort again",
    ]

    /// The report as one document.
    package var json: JSONValue {
        let rows = cohorts.map { cohort -> JSONValue in
            [
                "cohort": .string(cohort.month.text), "currency": .string(cohort.currency.code),
                "explain": months.link("cohorts", ReportCell([cohort.month.text]), currency: cohort.currency),
                "cells": .array(
                    cohort.cells.map { cell in
                        [
                            "age": .int(cell.age), "customers": .int(cell.customers),
                            "mrr": .string(cell.revenue.text),
                            "customer_retention": .string(cohort.customerRetention(cell).decimalText(digits: 6)),
                            "revenue_retention": .string(cohort.revenueRetention(cell).decimalText(digits: 6)),
                        ]
                    }
                ),
            ]
        }
        return [
            "report": "cohorts", "definition": CohortReport.definition, "as_of": months.asOf.json,
            "from": .string(months.from.text), "to": .string(months.to.text),
            "time_zone": .string(months.zone.name), "rows": .array(rows),
        ]
    }

    /// What stands over the columns of `cells`.
    package static let columns = [
        "cohort", "currency", "age", "customers", "mrr", "customer_retention", "revenue_retention",
    ]

    /// The cells as lines of a table.
    package var cells: [[String]] {
        cohorts.flatMap { cohort in
            cohort.cells.map { cell in
                [
                    cohort.month.text, cohort.currency.code, String(cell.age), String(cell.customers),
                    cell.revenue.text, cohort.customerRetention(cell).decimalText(digits: 6),
                    cohort.revenueRetention(cell).decimalText(digits: 6),
                ]
            }
        }
    }
}
