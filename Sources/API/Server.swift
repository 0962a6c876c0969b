import HTTPTypes
package import Hummingbird
import Inference
import Jobs
package import Logging
import NIOCore
import Values

/// Builds the HTTP server; main and tests use the same.
package enum Server {
    /// The application, ready to be run as a service.
    package static func build(
        services: Services,
        host: String,
        port: Int,
        logger: Logger,
        onRunning: @escaping @Sendable (Int) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        Application(
            router: router(services: services, logger: logger),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port),
                serverName: "abono",
                backlog: 1024
            ),
            onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? port) },
            logger: logger
        )
    }

    /// All routes; `Catalogue` says which.
    package static func router(services: Services, logger: Logger) -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
        let endpoints = Catalogue.endpoints
        for endpoint in endpoints {
            let template = RouterPath(endpoint.path)
            router.on(template, method: endpoint.method) { request, context in
                await respond(to: request, context: context, endpoint: endpoint, services: services, logger: logger)
            }
        }
        // Added after the routes, it meets only what none of them took.
        router.add(middleware: Fallback(endpoints: endpoints, services: services))
        return router
    }

    private static func respond(
        to request: Request,
        context: BasicRequestContext,
        endpoint: Endpoint,
        services: Services,
        logger: Logger
    ) async -> Response {
        let started = ContinuousClock.now
        let requestID = requestID(of: request, services: services)
        var logger = logger
        logger[metadataKey: "request"] = "\(requestID)"
        var reply: Reply
        var headers: [(name: String, value: String)] = []
        do {
            reply = try await answer(request, context, endpoint, services, requestID, logger)
        } catch let thrown {
            let annotated = thrown as? AnnotatedError
            let error = annotated?.cause ?? thrown
            headers = annotated?.headers ?? []
            let problem = Problem.of(error)
            if problem.kind == .internal {
                logger.error("request failed", metadata: ["route": "\(endpoint.path)", "error": "\(error)"])
            }
            let status = ErrorReply.status(of: error, problem)
            reply = ErrorReply.reply(
                status,
                problem,
                requestID: requestID,
                path: request.uri.path,
                speaksOpenAI: endpoint.speaksOpenAI,
                isFinal: (error as? InferenceError).map { !$0.isRetryable } ?? false
            )
        }
        var response = reply.response()
        response.headers[.requestID] = requestID
        for (name, value) in headers {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        let seconds = (ContinuousClock.now - started).seconds
        services.metrics.observeRequest(
            method: endpoint.method.rawValue,
            route: endpoint.path,
            status: Int(response.status.code),
            seconds: seconds
        )
        logger.debug(
            "answered",
            metadata: [
                "method": "\(endpoint.method.rawValue)", "route": "\(endpoint.path)",
                "status": "\(response.status.code)", "milliseconds": "\(Int(seconds * 1000))",
            ]
        )
        return response
    }

    private static func answer(
        _ request: Request,
        _ context: BasicRequestContext,
        _ endpoint: Endpoint,
        _ services: Services,
        _ requestID: String,
        _ logger: Logger
    ) async throws -> Reply {
        var path: [String: String] = [:]
        for part in endpoint.path.split(separator: "/") where part.hasPrefix("{") {
            let name = String(part.dropFirst().dropLast())
            path[name] = context.parameters.get(name).flatMap { Percent.decode($0) } ?? ""
        }
        if let length = request.headers[.contentLength].flatMap(Int.init), length > endpoint.bodyLimit {
            throw tooLarge(endpoint)
        }
        var bytes: [UInt8] = []
        for try await part in request.body {
            guard bytes.count + part.readableBytes <= endpoint.bodyLimit else { throw tooLarge(endpoint) }
            bytes.append(contentsOf: part.readableBytesView)
        }
        // The body was read to its end; whoever watches the connection later must not wait for an end that has passed.
        var request = request
        request.body = RequestBody(buffer: ByteBuffer())
        let call = Call(
            services: services,
            endpoint: endpoint,
            request: request,
            path: path,
            body: bytes,
            requestID: requestID,
            logger: logger
        )
        return try await endpoint.handle(call)
    }

    private static func tooLarge(_ endpoint: Endpoint) -> Problem {
        Problem(
            .tooLarge,
            code: "body_too_large",
            "the body is larger than the \(endpoint.bodyLimit) bytes allowed here"
        )
    }

    /// The caller's own id if it is a sane one, else a new one.
    fileprivate static func requestID(of request: Request, services: Services) -> String {
        if let given = request.headers[.requestID], (1...100).contains(given.utf8.count),
            given.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
        {
            return given
        }
        return RequestID.make(at: services.time.now()).text
    }
}

/// Answers what no route matches: 404, or 405 with the methods there are.
private struct Fallback: RouterMiddleware {
    typealias Context = BasicRequestContext
    let endpoints: [Endpoint]
    let services: Services

    @concurrent func handle(
        _ request: Request,
        context: BasicRequestContext,
        next: @concurrent (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            var methods = endpoints.filter { matches($0.path, request.uri.path) }.map(\.method.rawValue)
            if methods.contains("GET") { methods.append("HEAD") }
            let speaksOpenAI = endpoints.contains { $0.speaksOpenAI && matches($0.path, request.uri.path) }
            let status = methods.isEmpty ? 404 : 405
            let problem =
                methods.isEmpty
                ? Problem(.notFound, code: "route_not_found", "there is no route \(request.uri.path)")
                : Problem(
                    .invalid,
                    code: "method_not_allowed",
                    "\(request.method.rawValue) is not possible here; \(methods.sorted().joined(separator: ", ")) is"
                )
            let requestID = Server.requestID(of: request, services: services)
            let reply = ErrorReply.reply(
                status,
                problem,
                requestID: requestID,
                path: request.uri.path,
                speaksOpenAI: speaksOpenAI
            )
            var response = reply.response()
            response.headers[.requestID] = requestID
            services.metrics.observeRequest(
                method: "any",
                route: "unmatched",
                status: status,
                seconds: 0
            )
            if !methods.isEmpty { response.headers[.allow] = methods.sorted().joined(separator: ", ") }
            return response
        }
    }

    private func matches(_ template: String, _ path: String) -> Bool {
        let left = template.split(separator: "/")
        let right = path.split(separator: "/")
        return left.count == right.count && zip(left, right).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
    }
}

extension HTTPField.Name {
    /// Every answer names its request.
    static var requestID: HTTPField.Name {
        HTTPField.Name("X-Request-Id") ?? .contentType
    }
}

extension Duration {
    /// As a number.
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
