-- Coupons and taxes: what is taken off an invoice and what is added to it.

-- Staff's catalogue of coupons. One never changes; only how often it was redeemed and that it was archived is written.
CREATE TABLE app.coupons (
    id uuid PRIMARY KEY,
    code text NOT NULL CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$'),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    percent numeric(38, 12) CHECK (percent >= 0 AND percent <= 100),
    amount_minor bigint CHECK (amount_minor > 0),
    currency char(3) CHECK (currency ~ '^[A-Z]{3}$'),
    -- Of an amount: whether what an invoice cannot take waits for the next.
    carries boolean NOT NULL,
    duration text NOT NULL CHECK (duration IN ('once', 'repeating', 'forever')),
    periods int CHECK (periods >= 1),
    -- NULL: lines of all prices, of all plans.
    prices text[] CHECK (cardinality(prices) >= 1),
    plans text[] CHECK (cardinality(plans) >= 1),
    max_redemptions int CHECK (max_redemptions >= 1),
    per_tenant int CHECK (per_tenant >= 1),
    starts_at timestamptz,
    expires_at timestamptz,
    is_for_first_subscription boolean NOT NULL,
    redemptions int NOT NULL CHECK (redemptions >= 0),
    created_at timestamptz NOT NULL,
    archived_at timestamptz,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    CONSTRAINT coupons_code UNIQUE (code),
    CONSTRAINT coupons_value CHECK (
        (percent IS NULL) <> (amount_minor IS NULL) AND (amount_minor IS NULL) = (currency IS NULL)
        AND (amount_minor IS NOT NULL OR NOT carries)),
    CONSTRAINT coupons_periods CHECK ((duration = 'repeating') = (periods IS NOT NULL)),
    CONSTRAINT coupons_stretch CHECK (starts_at IS NULL OR expires_at IS NULL OR expires_at > starts_at),
    CONSTRAINT coupons_limit CHECK (max_redemptions IS NULL OR redemptions <= max_redemptions)
);
SELECT app.replicate('app.coupons');
GRANT SELECT ON app.coupons TO abono_tenant, abono_finance, abono_system, abono_admin;
GRANT INSERT, UPDATE (archived_at) ON app.coupons TO abono_admin;

-- What customers type: a coupon's own code, a promotion's, or a tenant's referral. Upper and lower case are the same.
CREATE TABLE app.coupon_codes (
    id uuid PRIMARY KEY,
    coupon_id uuid NOT NULL,
    code text NOT NULL CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$'),
    kind text NOT NULL CHECK (kind IN ('coupon', 'promotion', 'referral')),
    max_redemptions int CHECK (max_redemptions >= 1),
    expires_at timestamptz,
    -- Of a promotion: the only tenant that may use it. Of a referral: the tenant that refers.
    owner_id uuid,
    -- What the referring tenant gets: credit, or another coupon.
    reward_minor bigint CHECK (reward_minor > 0),
    reward_currency char(3) CHECK (reward_currency ~ '^[A-Z]{3}$'),
    reward_coupon_id uuid,
    redemptions int NOT NULL CHECK (redemptions >= 0),
    created_at timestamptz NOT NULL,
    archived_at timestamptz,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    CONSTRAINT coupon_codes_referral CHECK ((kind <> 'referral' OR owner_id IS NOT NULL)
        AND (kind = 'referral') = (reward_minor IS NOT NULL OR reward_coupon_id IS NOT NULL)),
    CONSTRAINT coupon_codes_reward CHECK ((reward_minor IS NULL OR reward_coupon_id IS NULL)
        AND (reward_minor IS NULL) = (reward_currency IS NULL)),
    CONSTRAINT coupon_codes_limit CHECK (max_redemptions IS NULL OR redemptions <= max_redemptions)
);
CREATE UNIQUE INDEX coupon_codes_code ON app.coupon_codes (upper(code));
CREATE INDEX coupon_codes_coupon ON app.coupon_codes (coupon_id, id);
SELECT app.replicate('app.coupon_codes');
ALTER TABLE app.coupon_codes ADD CONSTRAINT coupon_codes_coupon
    FOREIGN KEY (coupon_id) REFERENCES app.coupons (id);
ALTER TABLE app.coupon_codes ADD CONSTRAINT coupon_codes_reward_coupon
    FOREIGN KEY (reward_coupon_id) REFERENCES app.coupons (id);
GRANT SELECT ON app.coupon_codes TO abono_tenant, abono_finance, abono_system, abono_admin;
GRANT INSERT, UPDATE (archived_at) ON app.coupon_codes TO abono_admin;

-- Counts one redemption under the locks of both rows; false if a limit is reached. Tenants' transactions count and can
-- write nothing else of the catalogue.
CREATE FUNCTION app.count_redemption(chosen uuid) RETURNS boolean
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    coupon uuid;
BEGIN
    UPDATE app.coupon_codes c SET redemptions = c.redemptions + 1
    WHERE c.id = chosen AND (c.max_redemptions IS NULL OR c.redemptions < c.max_redemptions)
    RETURNING c.coupon_id INTO coupon;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE app.coupons k SET redemptions = k.redemptions + 1
    WHERE k.id = coupon AND (k.max_redemptions IS NULL OR k.redemptions < k.max_redemptions);
    RETURN FOUND;
END
$$;
REVOKE ALL ON FUNCTION app.count_redemption(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.count_redemption(uuid) TO abono_tenant, abono_system, abono_admin;

-- A coupon that counts for a subscription, from an instant on and perhaps until one: what was invoiced before either
-- stays as it is.
CREATE TABLE app.coupon_redemptions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    coupon_id uuid NOT NULL,
    code_id uuid NOT NULL,
    redeemed_at timestamptz NOT NULL,
    ended_at timestamptz,
    -- The tenant for whose referral this is the reward.
    referred_id uuid,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT coupon_redemptions_stretch CHECK (ended_at IS NULL OR ended_at >= redeemed_at)
);
SELECT app.distribute('app.coupon_redemptions');
SELECT app.isolate('app.coupon_redemptions');
ALTER TABLE app.coupon_redemptions ADD CONSTRAINT coupon_redemptions_subscription
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES app.subscriptions (tenant_id, id);
ALTER TABLE app.coupon_redemptions ADD CONSTRAINT coupon_redemptions_coupon
    FOREIGN KEY (coupon_id) REFERENCES app.coupons (id);
ALTER TABLE app.coupon_redemptions ADD CONSTRAINT coupon_redemptions_code
    FOREIGN KEY (code_id) REFERENCES app.coupon_codes (id);
-- A subscription has a coupon once, and does not get it again by giving it up. Each referral is rewarded by itself.
CREATE UNIQUE INDEX coupon_redemptions_once ON app.coupon_redemptions (tenant_id, subscription_id, coupon_id)
    WHERE referred_id IS NULL;
CREATE UNIQUE INDEX coupon_redemptions_reward ON app.coupon_redemptions (tenant_id, referred_id)
    WHERE referred_id IS NOT NULL;
CREATE INDEX coupon_redemptions_of_coupon ON app.coupon_redemptions (tenant_id, coupon_id);
GRANT SELECT, INSERT, UPDATE (ended_at) ON app.coupon_redemptions TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.coupon_redemptions TO abono_finance;

-- Who came by whose referral: a tenant comes once. The referring one is rewarded when the first invoice was paid.
CREATE TABLE app.referrals (
    tenant_id uuid NOT NULL,
    code_id uuid NOT NULL,
    referrer_id uuid NOT NULL,
    redemption_id uuid NOT NULL,
    referred_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'rewarded', 'refused')),
    settled_at timestamptz,
    -- The grant or the redemption that is the reward; why there is none.
    reward text CHECK (length(reward) <= 500),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id),
    CONSTRAINT referrals_other CHECK (referrer_id <> tenant_id),
    CONSTRAINT referrals_settled CHECK ((status = 'pending') = (settled_at IS NULL)
        AND (status = 'pending') = (reward IS NULL))
);
SELECT app.distribute('app.referrals');
SELECT app.isolate('app.referrals');
ALTER TABLE app.referrals ADD CONSTRAINT referrals_redemption
    FOREIGN KEY (tenant_id, redemption_id) REFERENCES app.coupon_redemptions (tenant_id, id);
CREATE INDEX referrals_pending ON app.referrals (tenant_id) WHERE status = 'pending';
GRANT SELECT, INSERT ON app.referrals TO abono_tenant, abono_system, abono_admin;
GRANT UPDATE (status, settled_at, reward) ON app.referrals TO abono_system;
GRANT SELECT ON app.referrals TO abono_finance;

-- Staff's catalogue of taxes: each row is a tax as it is from an instant on. A row without a rate ends it.
CREATE TABLE app.taxes (
    id uuid PRIMARY KEY,
    code text NOT NULL CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$'),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    rate numeric(38, 12) CHECK (rate >= 0 AND rate <= 1),
    is_inclusive boolean NOT NULL,
    -- Customers of this country pay it; NULL: all.
    country char(2) CHECK (country ~ '^[A-Z]{2}$'),
    -- Only invoices of this entity have it; NULL: of all.
    legal_entity_id uuid,
    -- NULL: always.
    effective_at timestamptz,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL
);
CREATE UNIQUE INDEX taxes_version ON app.taxes (code, effective_at);
CREATE UNIQUE INDEX taxes_first ON app.taxes (code) WHERE effective_at IS NULL;
SELECT app.replicate('app.taxes');
ALTER TABLE app.taxes ADD CONSTRAINT taxes_legal_entity
    FOREIGN KEY (legal_entity_id) REFERENCES app.legal_entities (id);
GRANT SELECT ON app.taxes TO abono_tenant, abono_finance, abono_system, abono_admin;
GRANT INSERT ON app.taxes TO abono_admin;

-- Waits for every transaction that has read the taxes, as one that bills has, and keeps others from reading them: a
-- tax begins after the last invoice that was made without it.
CREATE FUNCTION app.lock_taxes() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    LOCK TABLE app.taxes IN ACCESS EXCLUSIVE MODE;
END
$$;
REVOKE ALL ON FUNCTION app.lock_taxes() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.lock_taxes() TO abono_admin;

-- What decides on a tenant's taxes, each row from its instant on; NULL: always.
CREATE TABLE app.tenant_tax_details (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    effective_at timestamptz,
    country char(2) CHECK (country ~ '^[A-Z]{2}$'),
    -- An array of {"type", "value"}.
    tax_ids jsonb NOT NULL CHECK (jsonb_typeof(tax_ids) = 'array'),
    is_exempt boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
SELECT app.distribute('app.tenant_tax_details');
SELECT app.isolate('app.tenant_tax_details');
ALTER TABLE app.tenant_tax_details ADD CONSTRAINT tenant_tax_details_tenant
    FOREIGN KEY (tenant_id) REFERENCES app.tenants (tenant_id);
GRANT SELECT, INSERT ON app.tenant_tax_details TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.tenant_tax_details TO abono_finance;

-- The taxes that were assigned to a tenant: while there are any, they take the place of those of its country.
CREATE TABLE app.tenant_taxes (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    tax text NOT NULL,
    effective_at timestamptz,
    ended_at timestamptz,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
SELECT app.distribute('app.tenant_taxes');
SELECT app.isolate('app.tenant_taxes');
ALTER TABLE app.tenant_taxes ADD CONSTRAINT tenant_taxes_tenant
    FOREIGN KEY (tenant_id) REFERENCES app.tenants (tenant_id);
CREATE UNIQUE INDEX tenant_taxes_once ON app.tenant_taxes (tenant_id, tax) WHERE ended_at IS NULL;
GRANT SELECT ON app.tenant_taxes TO abono_tenant, abono_finance, abono_system, abono_admin;
GRANT INSERT, UPDATE (ended_at) ON app.tenant_taxes TO abono_admin;

-- What stands of the seller on its invoices.
ALTER TABLE app.legal_entities
    ADD COLUMN tax_id text CHECK (length(tax_id) BETWEEN 1 AND 50),
    ADD COLUMN address text[] NOT NULL DEFAULT '{}' CHECK (cardinality(address) <= 6),
    -- From when on its country decides on taxes; NULL: always.
    ADD COLUMN country_from timestamptz;
ALTER TABLE app.legal_entities ALTER COLUMN address DROP DEFAULT;
GRANT UPDATE (tax_id, address, country_from) ON app.legal_entities TO abono_admin;
