// SPDX-License-Identifier: GPL-3.0-or-later
//
// "[SCHEMA://][LABEL@]HOST[:PORT]": where a rule sends mail, in the spelling of three eras.
//
// Parsing keeps the spelling (print() of an untouched URL is the original); comparing looks at the meaning. What TLS and
// authentication a URL means depends on the era: meaning() for its own dialect, meaningIn() for each reader there ever was.
// Edits give a new URL and keep the bytes of what they do not change. Thread: values. Spec: reference pages on relay URLs;
// `smtp://` was opportunistic in 2012, plaintext in 5.3-6.3, opportunistic again since 6.4; `smtp+tls://` was opportunistic
// until 6.3 and means mandatory STARTTLS since.
#pragma once

#include "base/result.h"

#include <QByteArray>

#include <array>
#include <optional>
#include <span>

namespace postern::policy {

enum class Era : quint8 { Map2012, Legacy, Modern };

// Within a dialect the meaning of a URL changed too: one value for each reader that differs from the one before it.
enum class UrlEra : quint8 {
    May2012,      // prototype of a few weeks
    July2012,     // no labels: the host name is the key of the credentials
    December2012, // labels
    Release53,    // 5.3 to 5.3.3
    Release54,    // 5.4.1 to 5.4.6
    Release57,    // 5.7 to 6.3
    Release64,    // 6.4 and later
};
inline constexpr std::array kUrlEras{UrlEra::May2012,   UrlEra::July2012,  UrlEra::December2012, UrlEra::Release53,
                                     UrlEra::Release54, UrlEra::Release57, UrlEra::Release64};
QByteArrayView describe(UrlEra era);              // for people: "OpenSMTPD 5.7 to 6.3"
std::span<const UrlEra> urlErasOf(Era era);       // newest first

// What happens on the wire before mail: none = never TLS, opportunistic = STARTTLS when offered, required = STARTTLS or
// nothing, wrapped = TLS from the first byte, either = required on 25 first, then wrapped on 465.
enum class TlsUse : quint8 { None, Opportunistic, Required, Wrapped, Either };
QByteArrayView toString(TlsUse use); // "none", "opportunistic", "required", "wrapped", "either"

struct RelayMeaning {
    TlsUse tls = TlsUse::Opportunistic;
    bool auth = false;       // credentials are demanded
    bool lmtp = false;
    bool backup = false;
    bool verifyByDefault = false; // certificate must check out unless the action says no-verify
    quint16 port = 25;       // the one given, or the schema's
    friend bool operator==(const RelayMeaning&, const RelayMeaning&) = default;
};

class RelayUrl {
  public:
    // Error text says what is wrong and, for a near miss, what was probably meant ("smtp+tls").
    // MayLack: files of late 2012 have +auth without a label; the host is the key of the login then, as it was in 2012.
    enum class Labels : quint8 { AsTheReaderHasIt, MayLack };
    static Result<RelayUrl> parse(QByteArrayView text, Era era, Labels labels = Labels::AsTheReaderHasIt);

    const QByteArray& print() const { return m_text; } // as written
    QByteArray masked() const;                         // for logs: never more than label, host, port
    const QByteArray& schema() const { return m_schema; } // lower case, "" = none written
    const QByteArray& label() const { return m_label; }
    const QByteArray& host() const { return m_host; }  // IPv6 literals without brackets and "IPv6:"
    bool isLiteral() const { return m_isLiteral; }     // an address: no DNS
    quint16 port() const { return m_port; }            // 0 = none written
    const RelayMeaning& meaning() const { return m_meaning; }
    // What that reader would do; the error says why it refuses the URL.
    Result<RelayMeaning> meaningIn(UrlEra reader) const;

    // Parts to set; an empty schema or label, and port 0, take the part out. All at once, because one may ask for another:
    // tls+auth:// wants a label. Parts that already read so keep their spelling. Error: what was asked makes no valid URL.
    struct Change {
        std::optional<QByteArray> schema; // without "://"
        std::optional<QByteArray> label;
        std::optional<QByteArray> host;   // IPv6 literals with or without brackets
        std::optional<quint16> port;
    };
    Result<RelayUrl> with(const Change& change) const;

    // Same destination with the same meaning, whatever the spelling.
    friend bool sameMeaning(const RelayUrl& a, const RelayUrl& b);

  private:
    QByteArray m_text, m_schema, m_label, m_host;
    bool m_isLiteral = false;
    quint16 m_port = 0;
    Era m_era = Era::Modern;
    qsizetype m_hostAt = 0, m_hostEnd = 0, m_portEnd = 0; // in m_text; the port has its colon, the host its brackets
    RelayMeaning m_meaning;
};

bool sameMeaning(const RelayUrl& a, const RelayUrl& b);

// The label as people may see it: somebody may have written user:password there.
QByteArray shownLabel(const QByteArray& label);

} // namespace postern::policy
