import HTTPTypes
import Tenants
import Values

/// The OpenAPI 3.1 description, made from the same table the routes are.
enum OpenAPIDocument {
    static func make(_ endpoints: [Endpoint], version: String) -> JSONValue {
        var paths = JSONObject()
        for endpoint in endpoints {
            var item = paths[endpoint.path]?.object ?? JSONObject()
            item[endpoint.method.rawValue.lowercased()] = operation(endpoint)
            paths[endpoint.path] = .object(item)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Abono", "version": .string(version),
                "summary": "The backend of a company that sells AI models by subscription.",
                "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
            ],
            "servers": [["url": "/"]],
            "paths": .object(paths),
            "components": [
                "securitySchemes": ["key": ["type": "http", "scheme": "bearer", "bearerFormat": "abk_…"]],
                "schemas": .object(components),
            ],
        ]
    }

    private static func operation(_ endpoint: Endpoint) -> JSONValue {
        var operation: JSONObject = ["summary": .string(endpoint.summary), "operationId": .string(name(endpoint))]
        operation["parameters"] = .array(parameters(endpoint))
        if let body = endpoint.body {
            var content: JSONObject = ["application/json": ["schema": body]]
            for type in endpoint.otherBodyTypes { content[type] = ["schema": body] }
            operation["requestBody"] = ["required": .bool(endpoint.isBodyRequired), "content": .object(content)]
        }
        if let form = endpoint.form {
            operation["requestBody"] = ["required": true, "content": ["multipart/form-data": ["schema": form]]]
        }
        operation["responses"] = responses(endpoint)
        if case .open = endpoint.access {
            operation["security"] = []
        } else {
            operation["security"] = [["key": []]]
        }
        operation["description"] = .string(access(endpoint.access))
        return .object(operation)
    }

    private static func parameters(_ endpoint: Endpoint) -> [JSONValue] {
        var parameters: [JSONValue] = []
        for part in endpoint.path.split(separator: "/") where part.hasPrefix("{") {
            parameters.append([
                "name": .string(String(part.dropFirst().dropLast())), "in": "path", "required": true,
                "schema": Schema.string,
            ])
        }
        for parameter in endpoint.parameters {
            parameters.append([
                "name": .string(parameter.name), "in": "query", "required": .bool(parameter.isRequired),
                "description": .string(parameter.about), "schema": parameter.schema,
            ])
        }
        if takesTenant(endpoint.access) {
            parameters.append([
                "name": "Abono-Tenant", "in": "header", "required": false,
                "description": "The tenant a staff key acts for, ten_…", "schema": Schema.string,
            ])
        }
        if endpoint.isIdempotent {
            parameters.append([
                "name": "Idempotency-Key", "in": "header", "required": false,
                "description": "A repetition with the same key and body is answered with the first answer.",
                "schema": ["type": "string", "maxLength": 255],
            ])
        }
        return parameters
    }

    private static func responses(_ endpoint: Endpoint) -> JSONValue {
        var responses = JSONObject()
        var content: JSONObject = [endpoint.contentType: ["schema": endpoint.success.schema]]
        if endpoint.isStreamable { content["text/event-stream"] = ["schema": Schema.string] }
        responses[String(endpoint.success.status)] = ["description": "Done", "content": .object(content)]
        if endpoint.parameters.contains(where: { $0.name == SubscriptionsRoutes.preview.name }) {
            let previewed = Schema.ref("SubscriptionPreview")
            let schema: JSONValue =
                endpoint.success.status == 200 ? ["anyOf": [endpoint.success.schema, previewed]] : previewed
            responses["200"] = [
                "description": "Done; a preview shows what would be",
                "content": ["application/json": ["schema": schema]],
            ]
        }
        let type = endpoint.speaksOpenAI ? "application/json" : "application/problem+json"
        let schema = Schema.ref(endpoint.speaksOpenAI ? "OpenAIError" : "Problem")
        responses["default"] = ["description": "What went wrong", "content": .object([type: ["schema": schema]])]
        return .object(responses)
    }

    private static func takesTenant(_ access: Access) -> Bool {
        switch access {
        case .open: false
        case .tenant(_, let staff), .anyTenant(let staff): !staff.isEmpty
        case .staff: false
        }
    }

    private static func name(_ endpoint: Endpoint) -> String {
        let words = endpoint.path.split { !$0.isLetter && !$0.isNumber }.map(String.init)
        return ([endpoint.method.rawValue.lowercased()] + words).joined(separator: "_")
    }

    private static func access(_ access: Access) -> String {
        switch access {
        case .open: "Needs no key."
        case .tenant(let scope, let staff): "Needs the scope `\(scope.rawValue)`" + staffed(staff)
        case .anyTenant(let staff): "Needs a tenant's key" + staffed(staff)
        case .staff(let roles): "Needs a staff key: \(roles.map(\.rawValue).sorted().joined(separator: ", "))."
        }
    }

    private static func staffed(_ roles: Set<StaffRole>) -> String {
        roles.isEmpty
            ? "."
            : ", or a staff key (\(roles.map(\.rawValue).sorted().joined(separator: ", "))) with `Abono-Tenant`."
    }

    private static var components: JSONObject {
        var all = Components.all.merging(Components.billing).merging(Components.adjustments).merging(Components.costs)
            .merging(WebhooksRoutes.components)
        all["Problem"] = problem
        all["OpenAIError"] = openAIError
        return all
    }

    private static let problem = Schema.object([
        "type": Schema.string, "title": Schema.string, "status": Schema.integer, "detail": Schema.string,
        "instance": Schema.string, "request_id": Schema.string,
        "errors": Schema.array(Schema.object(["field": Schema.string, "message": Schema.string])),
    ])

    private static let openAIError = Schema.object([
        "error": Schema.object([
            "message": Schema.string, "type": Schema.string, "param": Schema.nullable(Schema.string),
            "code": Schema.nullable(Schema.string),
        ])
    ])
}
