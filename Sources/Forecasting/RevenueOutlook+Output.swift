package import Values

extension RevenueOutlook {
    /// What the words mean, by word.
    static let definition: JSONObject = [
        "variant": "contract_aware",
        "revenue": """
        agreed recurring prices by the part of each month in which they are in force (a year's plan brings a twelfth \
        a month), before coupons, credits and taxes; and usage as the books have it
        """,
        "committed": "until the end of the term that runs, at what is agreed; with what is gone of the first month",
        "renewal": """
        beyond it: each subscription goes on or not at each end of a term, by the hazard of that term; with what \
        those who stay pay more or less
        """,
        "usage": "a forecast of the months of usage revenue",
        "new": "a forecast of the months of new business, each month's decaying like those before it",
        "contracted_share": "committed ÷ expected revenue",
        "deferred": "what invoices in the books have deferred and will be recognised then: part of committed",
        "intervals": "quantiles of the paths, made wider or narrower by the back-test's factor",
        "cumulative": "quantiles of the sums of each path: not sums of quantiles",
        "gross_margin": "revenue × (1 − the share that its costs took in the last twelve whole months, drawn anew)",
        "scenarios": "the same book, seed and paths: what differs is the scenario",
        "skill_vs_snaive": "1 − error ÷ error of the months a year before, over origins with a year",
        "skill_vs_contract_only": """
        1 − error ÷ error of subscriptions in force unchanged, usage as in the last month, and nothing new
        """,
    ]

    /// The forecast as one document.
    ///
    /// `asOf`: of the book.
    package func json(asOf: Instant) -> JSONValue {
        let base = cases[0]
        return [
            "method": "contract_aware", "as_of": asOf.json, "currency": .string(currency.code),
            "definition": .object(Self.definition), "horizon": .int(options.horizon), "paths": .int(options.paths),
            "seed": .string(String(options.seed)), "levels": .array(options.levels.map { .int($0) }),
            "forecast": rows(base), "total": json(base.total, nil), "scenarios": .array(cases.dropFirst().map(json)),
            "model": drivers.json(currency), "interval_factor": .double(Self.rounded(factor, 4)),
            "backtest": backtest?.json ?? .null, "notes": .array(notes.map(JSONValue.string)),
        ]
    }

    private func rows(_ own: Case) -> JSONValue {
        .array(own.rows.indices.map { place in json(own.rows[place], place) })
    }

    private func json(_ own: Case) -> JSONValue {
        [
            "name": .string(own.scenario.name), "changes": .string(own.scenario.text), "forecast": rows(own),
            "total": json(own.total, nil), "difference": own.difference.map(json) ?? .null,
            "gross_margin_difference": own.marginDifference.map(json) ?? .null,
        ]
    }

    /// `place`: of the month; nil is all months together.
    private func json(_ row: Row, _ place: Int?) -> JSONValue {
        var object = JSONObject()
        if let place { object["month"] = .string(first.adding(place).text) }
        object["mean"] = number(row.revenue.mean)
        object["intervals"] = intervals(row.revenue)
        for (name, value) in parts(row) { object[name] = number(value) }
        object["contracted_share"] = row.contractedShare.map { .double(Self.rounded($0, 4)) } ?? .null
        if let place {
            object["deferred"] = number(deferred[place])
            object["cumulative"] = json(row.cumulative)
        }
        object["gross_margin"] = row.margin.map(json) ?? .null
        return .object(object)
    }

    private func json(_ band: Band) -> JSONValue {
        ["mean": number(band.mean), "intervals": intervals(band)]
    }

    private func intervals(_ band: Band) -> JSONValue {
        var object = JSONObject()
        for (place, level) in options.levels.enumerated() {
            object[String(level)] = [number(band.lower[place]), number(band.upper[place])]
        }
        return .object(object)
    }

    /// What revenue is made of, in the order in which it is shown.
    func parts(_ row: Row) -> [(name: String, value: Double)] {
        [("committed", row.committed), ("renewal", row.renewal), ("usage", row.usage), ("new", row.new)]
    }

    private func number(_ value: Double) -> JSONValue { .double(Self.rounded(value, currency.digits)) }

    /// Rounded half away from zero to so many decimals.
    static func rounded(_ value: Double, _ digits: Int) -> Double {
        var factor = 1.0
        for _ in 0..<digits { factor *= 10 }
        let scaled = value * factor
        // Adding zero turns a negative zero into zero.
        return abs(scaled) < 9e15 ? scaled.rounded() / factor + 0 : value
    }
}

extension RevenueAccuracy {
    /// The scores by name; null is not defined.
    package var json: JSONValue {
        var covered = JSONObject()
        for (level, share) in coverage { covered[String(level)] = Self.number(share) }
        return [
            "origins": .int(origins), "horizon": .int(horizon), "wape": Self.number(wape),
            "bias_percent": Self.number(biasPercent), "mase": Self.number(mase), "coverage": .object(covered),
            "skill_vs_snaive": Self.number(skillAgainstNaive),
            "skill_vs_contract_only": Self.number(skillAgainstContracts),
        ]
    }

    static func number(_ value: Double?) -> JSONValue {
        value.map { .double(RevenueOutlook.rounded($0, 4)) } ?? .null
    }

    /// The scores in one line for people.
    package var text: String {
        func fixed(_ value: Double, _ digits: Int) -> String { SeriesForecast.fixed(value, digits: digits) }
        var parts = ["\(origins) \(origins == 1 ? "origin" : "origins"), up to \(horizon) months ahead"]
        if let wape { parts.append("error \(fixed(wape, 1)) %") }
        if let biasPercent { parts.append("bias \(fixed(biasPercent, 1)) %") }
        if let mase { parts.append("MASE \(fixed(mase, 2))") }
        for (level, share) in coverage { parts.append("\(fixed(100 * share, 0)) % inside the \(level) % band") }
        if let skillAgainstNaive { parts.append("skill against seasonal naive \(fixed(skillAgainstNaive, 2))") }
        if let skillAgainstContracts { parts.append("against contract-only \(fixed(skillAgainstContracts, 2))") }
        return parts.joined(separator: "; ")
    }
}

extension RevenueDrivers {
    /// What was fitted, as one document.
    func json(_ currency: Currency) -> JSONValue {
        func share(_ value: Double) -> JSONValue { .double(RevenueOutlook.rounded(value, 6)) }
        return [
            "renewals": .array(segments.map { $0.model.json }),
            "expansion_percent_a_month": share(100 * expansion.mean), "shared_shock": share(sharedSpread),
            "new_business": series(new), "usage": series(usage),
        ]
    }

    private func series(_ series: RevenueSeries) -> JSONValue {
        [
            "months": .int(series.history.count), "members": .array(series.members.map(JSONValue.string)),
            "mase": RevenueAccuracy.number(series.accuracy?.mase),
        ]
    }
}

extension RenewalModel {
    /// What was fitted and how it was chosen, as one document.
    package var json: JSONValue {
        func share(_ value: Double) -> JSONValue { .double(RevenueOutlook.rounded(value, 6)) }
        var object: JSONObject = [
            "term_months": .int(term), "form": .string(name), "ends_of_terms": .int(atRisk), "lost": .int(lost),
        ]
        switch form {
        case .shiftedBetaGeometric(let model):
            object["alpha"] = share(model.alpha)
            object["beta"] = share(model.beta)
        case .tenureHazard(let model): object["hazards"] = .array(model.hazards.prefix(24).map(share))
        }
        object["survival"] = .array((1...12).map { share(survival($0)) })
        if let heldOut {
            object["held_out"] = [
                "ends_of_terms": .int(heldOut.count),
                "log_likelihood": [
                    "shifted_beta_geometric": share(heldOut.shiftedBetaGeometric),
                    "tenure_hazard": share(heldOut.tenureHazard),
                ],
            ]
        } else {
            object["held_out"] = .null
        }
        return .object(object)
    }

    /// The form's name.
    package var name: String {
        switch form {
        case .shiftedBetaGeometric: "shifted_beta_geometric"
        case .tenureHazard: "tenure_hazard"
        }
    }
}
