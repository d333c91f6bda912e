// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/ldap_backend.h"

#include "base/log.h"
#include "tables/ldap_config.h"
#include "tables/lookup_rules.h"

#include <ldap.h>

#include <algorithm>
#include <mutex>
#include <numeric>
#include <utility>

namespace postern::tables {
namespace {

constexpr timeval kPatience{5, 0};

ErrorCode codeOf(int result) {
    switch (result) {
    case LDAP_SERVER_DOWN:
    case LDAP_CONNECT_ERROR:
    case LDAP_UNAVAILABLE:
        return ErrorCode::Unavailable;
    case LDAP_TIMEOUT:
    case LDAP_TIMELIMIT_EXCEEDED:
        return ErrorCode::Timeout;
    case LDAP_BUSY:
        return ErrorCode::Busy;
    case LDAP_INVALID_CREDENTIALS:
    case LDAP_INSUFFICIENT_ACCESS:
    case LDAP_INAPPROPRIATE_AUTH:
        return ErrorCode::Denied;
    default: // of a list that is libldap's, not ours
        return ErrorCode::Invalid;
    }
}

using Message = std::unique_ptr<LDAPMessage, decltype([](LDAPMessage* message) { ldap_msgfree(message); })>;
using Values = std::unique_ptr<berval*, decltype([](berval** values) { ldap_value_free_len(values); })>;

// userPassword holds a hash with its scheme in front (RFC 2307); crypt(3)'s is the one we can check.
QByteArray withoutScheme(const QByteArray& value) {
    constexpr QByteArrayView kCrypt = "{CRYPT}";
    return value.first(std::min(value.size(), kCrypt.size())).toUpper() == kCrypt ? value.sliced(kCrypt.size()) : value;
}

class LdapBackend final : public Backend {
  public:
    explicit LdapBackend(std::shared_ptr<const LdapPlan> plan) : m_plan(std::move(plan)) {}
    ~LdapBackend() override { close(); }
    LdapBackend(const LdapBackend&) = delete;
    LdapBackend& operator=(const LdapBackend&) = delete;

    Result<void> open() override {
        close();
        {
            static std::mutex initialising; // libldap's first call of all prepares what all connections share
            const std::lock_guard lock(initialising);
            if (const int result = ldap_initialize(&m_ldap, m_plan->uri.constData()); result != LDAP_SUCCESS)
                return failure("connecting", result);
        }
        const int version = LDAP_VERSION3, check = LDAP_OPT_X_TLS_DEMAND, own = 0;
        ldap_set_option(m_ldap, LDAP_OPT_PROTOCOL_VERSION, &version);
        ldap_set_option(m_ldap, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
        ldap_set_option(m_ldap, LDAP_OPT_NETWORK_TIMEOUT, &kPatience);
        ldap_set_option(m_ldap, LDAP_OPT_TIMEOUT, &kPatience);
        if (m_plan->tls != LdapTls::None) {
            ldap_set_option(m_ldap, LDAP_OPT_X_TLS_REQUIRE_CERT, &check);
            if (!m_plan->caFile.isEmpty() &&
                ldap_set_option(m_ldap, LDAP_OPT_X_TLS_CACERTFILE, m_plan->caFile.constData()) != LDAP_OPT_SUCCESS)
                return Error{ErrorCode::Invalid, m_plan->caFile + " can't be used as ca_file", Permanence::Temporary};
            if (ldap_set_option(m_ldap, LDAP_OPT_X_TLS_NEWCTX, &own) != LDAP_OPT_SUCCESS)
                return Error{ErrorCode::Invalid, "TLS cannot be prepared; is ca_file " + m_plan->caFile + " readable?", Permanence::Temporary};
        }
        if (m_plan->tls == LdapTls::StartTls)
            if (const int result = ldap_start_tls_s(m_ldap, nullptr, nullptr); result != LDAP_SUCCESS)
                return failure("STARTTLS", result);
        return bind();
    }

    Result<std::optional<QByteArray>> lookup(Service service, const QByteArray& key) override {
        const bool takesAll = service == Service::Alias || service == Service::Mailaddrmap;
        const auto rows = search(service, key, takesAll);
        if (!rows)
            return rows.error();
        if (rows->isEmpty())
            return std::optional<QByteArray>();
        return std::optional(takesAll ? rows->join(", ") : rows->first());
    }

    Result<bool> check(Service service, const QByteArray& key) override {
        const auto rows = search(service, key, false);
        return rows ? Result<bool>(!rows->isEmpty()) : rows.error();
    }

    Result<QByteArrayList> fetch(Service) override {
        return Error{ErrorCode::Unsupported, "a directory has no entries to be taken in turn", Permanence::Temporary};
    }

    Result<void> probe() override {
        LDAPMessage* raw = nullptr;
        timeval patience = kPatience;
        char none[] = LDAP_NO_ATTRS;
        char* attributes[] = {none, nullptr};
        const int result = ldap_search_ext_s(m_ldap, m_plan->base.constData(), LDAP_SCOPE_BASE, "(objectClass=*)", attributes, 1,
                                             nullptr, nullptr, &patience, 1, &raw);
        const Message message(raw);
        return result == LDAP_SUCCESS ? Result<void>() : failure("the search base", result);
    }

    void close() override {
        if (m_ldap)
            ldap_unbind_ext_s(std::exchange(m_ldap, nullptr), nullptr, nullptr);
    }

  private:
    Error failure(const QByteArray& doing, int result) const {
        QByteArray said = ldap_err2string(result);
        char* detail = nullptr;
        if (m_ldap && ldap_get_option(m_ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &detail) == LDAP_OPT_SUCCESS && detail) {
            if (*detail)
                said += " (" + harmless(detail, 200) + ')';
            ldap_memfree(detail);
        }
        return {codeOf(result), m_plan->uri + ": " + doing + ": " + said, Permanence::Temporary};
    }

    Result<void> bind() {
        QByteArray password = m_plan->password.expose().toByteArray();
        if (!m_plan->bindDn.isEmpty() && password.isEmpty()) // RFC 4513 5.1.2: it would be let in as nobody
            return Error{ErrorCode::Denied, "there is no password for " + m_plan->bindDn, Permanence::Temporary};
        berval secret{ber_len_t(password.size()), password.data()};
        const char* name = m_plan->bindDn.isEmpty() ? nullptr : m_plan->bindDn.constData();
        const int result = ldap_sasl_bind_s(m_ldap, name, LDAP_SASL_SIMPLE, &secret, nullptr, nullptr, nullptr);
        wipe(password);
        return result == LDAP_SUCCESS ? Result<void>() : failure("signing in", result);
    }

    // One row an entry: attributes joined by colons; with takesAll one a value.
    Result<QByteArrayList> search(Service service, const QByteArray& key, bool takesAll) {
        const auto at = m_plan->searches.find(service);
        if (at == m_plan->searches.end())
            return Error{ErrorCode::Unsupported,
                         m_plan->path + " has no " + toString(service).toByteArray() + "_filter, so it has no answer to that",
                         Permanence::Temporary};
        if (key.isEmpty())
            return QByteArrayList(); // "(uid=)" is no filter, and nothing has no name
        const LdapSearch& search = at->second;
        const QByteArray filter = *filledFilter(search.filter, key, m_plan->table);
        std::vector<QByteArray> names(search.attributes.begin(), search.attributes.end());
        std::vector<char*> attributes;
        for (QByteArray& name : names)
            attributes.push_back(name.data());
        attributes.push_back(nullptr);
        timeval patience = kPatience;
        LDAPMessage* raw = nullptr;
        const int most = takesAll ? int(kMostRows) : 2;
        const int result = ldap_search_ext_s(m_ldap, m_plan->base.constData(), LDAP_SCOPE_SUBTREE, filter.constData(), attributes.data(),
                                             0, nullptr, nullptr, &patience, most, &raw);
        const Message message(raw);
        if (result == LDAP_SIZELIMIT_EXCEEDED && takesAll)
            return Error{ErrorCode::Corrupt, "more than 1000 entries for one key", Permanence::Temporary};
        if (result == LDAP_NO_SUCH_OBJECT)
            return Error{ErrorCode::Invalid, m_plan->uri + ": there is no entry " + m_plan->base + ", the basedn", Permanence::Temporary};
        if (result == LDAP_FILTER_ERROR)
            return Error{ErrorCode::Corrupt, m_plan->path + ':' + QByteArray::number(search.line) + ": the filter does not read",
                         Permanence::Temporary};
        if (result != LDAP_SUCCESS && result != LDAP_SIZELIMIT_EXCEEDED)
            return failure("searching", result);
        return rowsOf(message.get(), search, takesAll, service == Service::Credentials);
    }

    Result<QByteArrayList> rowsOf(LDAPMessage* message, const LdapSearch& search, bool takesAll, bool isLogin) const {
        QByteArrayList rows;
        for (LDAPMessage* entry = ldap_first_entry(m_ldap, message); entry; entry = ldap_next_entry(m_ldap, entry)) {
            QByteArrayList fields;
            for (const QByteArray& name : search.attributes) {
                const Values values(ldap_get_values_len(m_ldap, entry, name.constData()));
                const auto value = [&values](int i) { return QByteArray(values.get()[i]->bv_val, qsizetype(values.get()[i]->bv_len)); };
                const int count = values ? ldap_count_values_len(values.get()) : 0;
                for (int i = 0; takesAll && i < count; ++i)
                    rows.append(value(i));
                if (!takesAll && count > 0)
                    fields.append(isLogin && !fields.isEmpty() ? withoutScheme(value(0)) : value(0));
            }
            if (!takesAll && fields.size() == search.attributes.size())
                rows.append(fields.join(':'));
            const qsizetype octets = std::accumulate(rows.begin(), rows.end(), qsizetype(0),
                                     [](qsizetype sum, const QByteArray& row) { return sum + row.size(); });
            if (octets > kLongestValue || rows.size() > kMostRows)
                return Error{ErrorCode::Corrupt, "too many values for one key, or too large ones", Permanence::Temporary};
            if (!takesAll && !rows.isEmpty())
                break;
        }
        return rows;
    }

    const std::shared_ptr<const LdapPlan> m_plan;
    LDAP* m_ldap = nullptr; // null = closed
};

} // namespace

MadeBackend makeLdapBackend(const BackendSource& source) {
    ReadLdapPlan read = readLdapPlan(source);
    MadeBackend made;
    made.problems = std::move(read.problems);
    made.holdsSecret = !read.plan.password.isEmpty();
    if (read.isUsable)
        made.make = [plan = std::make_shared<const LdapPlan>(std::move(read.plan))]() -> std::unique_ptr<Backend> {
            return std::make_unique<LdapBackend>(plan);
        };
    return made;
}

} // namespace postern::tables
