import Values

extension PaymentAttempt {
    /// What it is after a gateway has answered; nil if the answer says nothing new.
    ///
    /// Money that came counts whatever was thought before. Of what has ended nothing else is believed.
    ///
    /// `payment`: the money, where it came.
    func after(_ outcome: GatewayOutcome, payment: PaymentID?, at instant: Instant) -> PaymentAttempt? {
        guard state != .succeeded else { return nil }
        var next = Change(self)
        switch outcome {
        case .succeeded(let reference, _, _):
            next.state = .succeeded
            next.reference = reference
            next.payment = payment
            next.settledAt = instant
        case _ where !state.isUnderWay: return nil
        case .pending(let reference):
            next.state = .pending
            next.reference = reference
        case .needsAction(let reference, let url):
            next.state = .needsAction
            next.reference = reference
            next.actionURL = url.map { String($0.prefix(2000)) }
        case .declined where isToBeCancelled: return givenUp("replaced", at: instant)
        case .declined(let reference, let code, let message, let isFinal):
            next.state = .declined
            next.reference = reference ?? self.reference
            next.errorCode = String(code.prefix(100))
            next.errorMessage = String(message.prefix(500))
            next.isFinal = isFinal
            next.settledAt = instant
        case .unavailable(let message, let asked):
            // What was begun is not asked for again: the gateway tells how it ends. Only its end is asked for.
            guard state == .sent || isToBeCancelled else { return nil }
            if isToBeCancelled { next.actionURL = actionURL }
            next.tries += 1
            next.errorMessage = String(message.prefix(500))
            let wait = PaymentAttempt.waitSeconds(tries: next.tries, asked: asked)
            next.nextTryAt = instant.adding(seconds: wait)
        }
        let changed = next.attempt(self)
        return changed == self ? nil : changed
    }

    /// To be ended at its gateway.
    func toBeCancelled(at instant: Instant) -> PaymentAttempt {
        guard state == .needsAction, cancelRequestedAt == nil else { return self }
        var next = Change(self)
        next.actionURL = actionURL
        next.cancelRequestedAt = instant
        return next.attempt(self)
    }

    /// Given up by us, before or without an answer.
    func givenUp(_ code: String, at instant: Instant) -> PaymentAttempt {
        var next = Change(self)
        next.state = .failed
        next.errorCode = code
        next.settledAt = instant
        return next.attempt(self)
    }

    /// What of an attempt changes.
    private struct Change {
        var state: State
        var reference: String?
        var errorCode: String?
        var errorMessage: String?
        var isFinal: Bool
        var actionURL: String?
        var tries: Int
        var nextTryAt: Instant?
        var cancelRequestedAt: Instant?
        var payment: PaymentID?
        var settledAt: Instant?

        init(_ attempt: PaymentAttempt) {
            state = attempt.state
            reference = attempt.reference
            errorCode = nil
            errorMessage = nil
            isFinal = attempt.isFinal
            actionURL = nil
            tries = attempt.tries
            nextTryAt = nil
            cancelRequestedAt = attempt.cancelRequestedAt
            payment = attempt.payment
            settledAt = nil
        }

        func attempt(_ old: PaymentAttempt) -> PaymentAttempt {
            PaymentAttempt(
                id: old.id,
                tenant: old.tenant,
                invoice: old.invoice,
                gateway: old.gateway,
                customer: old.customer,
                method: old.method,
                amount: old.amount,
                state: state,
                reference: reference,
                errorCode: errorCode,
                errorMessage: errorMessage,
                isFinal: isFinal,
                actionURL: actionURL,
                tries: tries,
                nextTryAt: nextTryAt,
                cancelRequestedAt: cancelRequestedAt,
                payment: payment,
                at: old.at,
                settledAt: settledAt
            )
        }
    }
}
