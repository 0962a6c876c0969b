import Foundation
import Tenants
import Values

/// Makes the events of the benchmark, as requests and as rows: a stream like production's.
///
/// Of the ids half are UUIDs of version 7 and half random text; 5 of 100 events come again, 1 of 100 is late by up to
/// three weeks.
struct IngestBenchStream {
    /// A customer with a key.
    struct Customer: Sendable {
        let tenant: TenantID
        let secret: String
    }

    /// Every how many events one comes again, and one is late.
    private static let duplicateEvery = 20
    private static let lateEvery = 100
    /// How many of a customer's last events may come again.
    private static let memory = 2_000

    let customers: [Customer]
    private(set) var sent = 0
    private(set) var duplicates = 0
    private(set) var late = 0
    /// What the distinct events of each customer add up to.
    private(set) var sums: [Int]
    /// Ids and values of customers' last events, for what is taken back.
    private(set) var last: [[(id: String, value: Int)]]

    private let now: Instant
    private var random = Sampler(seed: 1)
    private var number = 0
    private var recent: [[String]]
    /// The distinct events as rows of COPY's text form; kept only while asked for.
    private var rows: [UInt8]?

    init(customers: [Customer], now: Instant) {
        self.customers = customers
        self.now = now
        sums = Array(repeating: 0, count: customers.count)
        last = Array(repeating: [], count: customers.count)
        recent = Array(repeating: [], count: customers.count)
    }

    /// So many requests of so many events; customers take turns.
    mutating func requests(_ count: Int, events: Int) -> [[UInt8]] {
        (0..<count).map { _ in
            number += 1
            let customer = number % customers.count
            var body = events == 1 ? "" : "["
            for position in 0..<events {
                if position > 0 { body += "," }
                body += event(of: customer)
            }
            if events > 1 { body += "]" }
            let head =
                "POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer \(customers[customer].secret)\r\n"
                + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
            return Array((head + body).utf8)
        }
    }

    /// The same with the rows of the distinct events, as COPY takes them.
    mutating func requestsWithRows(_ count: Int, events: Int) -> (requests: [[UInt8]], rows: [UInt8]) {
        rows = []
        let requests = requests(count, events: events)
        let text = rows ?? []
        rows = nil
        return (requests, text)
    }

    /// Takes back so many events of those remembered, at most; says whose.
    mutating func takeBack(_ count: Int) -> [(secret: String, ids: [String])] {
        let each = max(1, count / customers.count)
        return customers.indices.map { customer in
            let taken = last[customer].suffix(each)
            last[customer].removeLast(taken.count)
            sums[customer] -= taken.reduce(0) { $0 + $1.value }
            return (customers[customer].secret, taken.map(\.id))
        }
    }

    private mutating func event(of customer: Int) -> String {
        sent += 1
        if Int.random(in: 0..<Self.duplicateEvery, using: &random) == 0,
            let again = recent[customer].randomElement(using: &random)
        {
            duplicates += 1
            return again
        }
        var age = Int64.random(in: 0..<60_000_000, using: &random)
        if Int.random(in: 0..<Self.lateEvery, using: &random) == 0 {
            late += 1
            age += Int64.random(in: 3_600_000_000..<1_814_400_000_000, using: &random)
        }
        let instant = now.adding(microseconds: -age)
        let value = Int.random(in: 1...4_000, using: &random)
        let id = id(at: instant)
        sums[customer] += value
        if last[customer].count < Self.memory { last[customer].append((id, value)) }
        let model = sent % 3 == 0 ? "large" : "small"
        let text = """
            {"id":"\(id)","meter":"tokens.output","at":"\(instant)","value":"\(value)",\
            "properties":{"model":"\(model)","feature":"chat"}}
            """
        if recent[customer].count < Self.memory {
            recent[customer].append(text)
        } else {
            recent[customer][Int.random(in: 0..<Self.memory, using: &random)] = text
        }
        if rows != nil {
            let row = """
                \(customers[customer].tenant.uuidText)\t\(id)\ttokens.output\t\(instant)\t\(value)\t\
                {"model":"\(model)","feature":"chat"}\t\\N\t\\N\t\(now)\n
                """
            rows?.append(contentsOf: row.utf8)
        }
        return text
    }

    private mutating func id(at instant: Instant) -> String {
        let words = (random.next(), random.next())
        guard sent % 2 == 0 else { return ID<Entities.Tenant>(at: instant, random: words).uuidText }
        return String(words.0, radix: 36) + String(words.1, radix: 36)
    }
}
