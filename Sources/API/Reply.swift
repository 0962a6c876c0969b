import HTTPTypes
import Hummingbird
import NIOCore
import Values

/// What an endpoint answers.
enum Reply: Sendable {
    case json(Int, JSONValue, headers: [String: String] = [:])
    case bytes(Int, type: String, [UInt8], headers: [String: String] = [:])
    case empty(Int)
    /// A stream whose body is written while it is made.
    case stream(
        type: String,
        headers: [String: String],
        write: @concurrent @Sendable (inout any ResponseBodyWriter) async throws -> Void
    )

    static func ok(_ value: JSONValue) -> Reply { .json(200, value) }

    /// A page to read and print.
    static func page(_ html: String) -> Reply {
        .bytes(200, type: "text/html; charset=utf-8", Array(html.utf8), headers: DocumentPage.headers)
    }

    /// A PDF, which browsers show under a name.
    static func pdf(_ bytes: [UInt8], name: String) -> Reply {
        let safe = name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
        return .bytes(
            200,
            type: "application/pdf",
            bytes,
            headers: [
                "Content-Disposition": "inline; filename=\"\(safe).pdf\"", "X-Content-Type-Options": "nosniff",
                "Cache-Control": "private, no-store",
            ]
        )
    }

    /// A page of a list.
    static func page<Item>(_ items: [Item], limit: Int, id: (Item) -> String, json: (Item) -> JSONValue) -> Reply {
        // One more than asked for was read, to know whether there is more.
        let shown = items.prefix(limit)
        let hasMore = items.count > limit
        return .ok([
            "data": .array(shown.map(json)), "has_more": .bool(hasMore),
            "next": .optional(hasMore ? shown.last.map(id) : nil),
        ])
    }

    /// A page of a list as OpenAI's clients read it; those of ours find `next` in it.
    static func openAIPage<Item>(
        _ items: [Item],
        limit: Int,
        id: (Item) -> String,
        json: (Item) -> JSONValue
    ) -> Reply {
        guard case .json(let status, let value, let headers) = page(items, limit: limit, id: id, json: json),
            var object = value.object
        else { return page(items, limit: limit, id: id, json: json) }
        let shown = items.prefix(limit)
        object["object"] = "list"
        object["first_id"] = .optional(shown.first.map(id))
        object["last_id"] = .optional(shown.last.map(id))
        return .json(status, .object(object), headers: headers)
    }

    func response() -> Response {
        switch self {
        case .json(let status, let value, let headers):
            Self.response(status, "application/json; charset=utf-8", Array(value.text.utf8), headers)
        case .bytes(let status, let type, let bytes, let headers):
            Self.response(status, type, bytes, headers)
        case .empty(let status):
            Response(status: .init(code: status))
        case .stream(let type, let headers, let write):
            Response(status: .ok, headers: Self.fields(type, headers), body: ResponseBody(write))
        }
    }

    private static func response(
        _ status: Int,
        _ type: String,
        _ bytes: [UInt8],
        _ headers: [String: String]
    ) -> Response {
        Response(
            status: .init(code: status),
            headers: fields(type, headers),
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }

    private static func fields(_ type: String, _ headers: [String: String]) -> HTTPFields {
        var fields: HTTPFields = [.contentType: type]
        for (name, value) in headers {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return fields
    }
}
