// SPDX-License-Identifier: GPL-3.0-or-later
//
// Listeners and the certificates they name.
#include "config/document.h"
#include "config/views/ca_view.h"
#include "config/views/listen_view.h"
#include "config/views/pki_view.h"
#include "convert/rewrite.h"
#include "convert/session.h"
#include "convert/words.h"

#include <algorithm>
#include <map>

namespace postern::convert {

using config::Clause;
using config::ClauseKind;
using config::Dialect;
using config::ListenView;
using config::StatementView;
using config::Target;

namespace {

constexpr const char* kCertificates = "/etc/mail/certs/";

class ListenerConversion {
  public:
    ListenerConversion(Session& session, const StatementView& statement, Piece& piece)
        : m_session(session), m_at(statement), m_view(*ListenView::from(statement)), m_piece(piece),
          m_speller(statement, session.know.target), m_rewrite(statement, m_speller),
          m_isModern(session.know.dialect == Dialect::Modern), m_is2012(session.know.dialect == Dialect::Map2012) {}

    void run() {
        if (m_is2012 && m_session.know.source != Dialect::Map2012)
            m_rewrite.sortBy(place2012);
        for (const Clause& clause : m_at.clauses()) {
            if (&clause == m_at.clause(clause.kind) || clause.kind == ClauseKind::Pki)
                convertClause(clause);
        }
        if (m_view.isSocket())
            socket();
        else
            addMissing();
        for (const config::Value& name : m_view.pkis())
            m_piece.uses.append("pki:" + name.text.toLower());
        if (m_view.ca())
            m_piece.uses.append("ca:" + m_view.ca()->text);
        if (const Clause* secure = m_at.clause(ClauseKind::Secure); secure && m_isModern) {
            m_rewrite.replace(*secure, "tls");
            m_piece.statements = {m_rewrite.text()};
            m_rewrite.replace(*secure, "smtps");
            m_piece.statements.append(m_rewrite.text());
        } else {
            m_piece.statements = {m_rewrite.text()};
        }
    }

  private:
    void lose(const Clause& clause, const QByteArray& more = {}) {
        m_rewrite.remove(clause);
        m_session.say(RemarkKind::Lost, m_at,
                      '"' + (clause.words.empty() ? clause.text : clause.words.front().text) +
                          "\" of a listener can't be said in " + m_session.targetName() + more,
                      clause.range);
    }

    using Handler = void (ListenerConversion::*)(const Clause&);
    // Under the target's name for it; what means something else there has a function of its own.
    void convertClause(const Clause& clause) {
        static const std::map<ClauseKind, Handler> kHandlers = {
            {ClauseKind::Port, &ListenerConversion::port},
            {ClauseKind::Secure, &ListenerConversion::secure},
            {ClauseKind::EnableAuth, &ListenerConversion::enableAuth},
            {ClauseKind::Auth, &ListenerConversion::auth},
            {ClauseKind::AuthOptional, &ListenerConversion::auth},
            {ClauseKind::Certificate, &ListenerConversion::certificate},
            {ClauseKind::Pki, &ListenerConversion::pki},
            {ClauseKind::Tag, &ListenerConversion::tag},
            {ClauseKind::Filters, &ListenerConversion::filters},
        };
        if (const auto found = kHandlers.find(clause.kind); found != kHandlers.end())
            return (this->*found->second)(clause);
        const auto context = m_view.isSocket() ? config::Context::ListenSocket : config::Context::Listen;
        const auto known = wordFor(context, clause.kind, m_session.know.target);
        if (!known)
            lose(clause, advice(clause.kind));
        else if (m_is2012 && clause.has("verify"))
            loseVerify(clause);
        else if (*known != word(clause))
            m_rewrite.replace(clause, *known); // none of those that changed has a value
    }

    void loseVerify(const Clause& clause) {
        m_rewrite.replace(clause, word(clause));
        m_session.say(RemarkKind::Lost, m_at, "clients' certificates are not checked in " + m_session.targetName(),
                      clause.range);
    }

    // Options had one order in 2012.
    static int place2012(ClauseKind kind) {
        if (kind == ClauseKind::Port)
            return 1;
        if (kind == ClauseKind::Tls || kind == ClauseKind::TlsRequire || kind == ClauseKind::Smtps ||
            kind == ClauseKind::Secure)
            return 2;
        if (kind == ClauseKind::Pki || kind == ClauseKind::Certificate)
            return 3;
        return kind == ClauseKind::Tag ? 5 : 4;
    }

    static QByteArray advice(ClauseKind kind) {
        if (kind == ClauseKind::DsnNotify || kind == ClauseKind::DsnRet)
            return "; the nearest is no-dsn";
        return kind == ClauseKind::ProxyV2 ? "; behind such a proxy this listener can't be used" : "";
    }

    static QByteArray word(const Clause& clause) {
        return clause.words.empty() ? QByteArray() : clause.words.front().text;
    }
    bool wasModern() const { return m_session.know.source == Dialect::Modern; }

    void secure(const Clause& clause) {
        const QByteArray wanted = m_is2012 ? "ssl" : "secure";
        if (!m_isModern && word(clause) != wanted)
            m_rewrite.replace(clause, wanted);
    }

    void enableAuth(const Clause& clause) {
        if (!m_is2012)
            m_rewrite.replace(clause, "auth-optional");
    }

    void auth(const Clause& clause) {
        if (!clause.table)
            return;
        if (clause.table->bareName && !m_is2012)
            m_rewrite.replace(clause, word(clause) + ' ' + m_speller.table(*clause.table));
        else if (!clause.table->bareName && m_is2012 && !m_session.know.isMapOf2012(clause.table->value.text))
            lose(clause, " with this table; nobody can sign in here");
        else if (!clause.table->bareName && m_is2012)
            m_rewrite.replace(clause, word(clause) + ' ' + clause.table->value.text);
    }

    void certificate(const Clause& clause) {
        if (m_is2012)
            return;
        namePki(m_session, m_at, clause.valueText(), m_piece);
        m_rewrite.replace(clause, "pki " + m_speller.value(*clause.value()));
    }

    void tag(const Clause& clause) {
        const QByteArray other = m_session.know.newTags.value(clause.valueText());
        if (other.isEmpty())
            return;
        m_rewrite.replace(clause, "tag " + quoted(other, m_session.know.dialect));
        m_session.say(RemarkKind::Changed, m_at,
                      "the tag is written \"" + other + "\" now, since capitals " +
                          (m_isModern ? "don't count any more" : "count"),
                      clause.range);
    }

    void filters(const Clause& clause) {
        if (m_is2012 || m_isModern != wasModern()) {
            lose(clause, "; mail comes in unfiltered here until a filter is named again");
        } else if (clause.table) {
            for (const config::Value& name : clause.table->items)
                m_piece.uses.append("filter:" + name.text);
        }
    }

    void port(const Clause& clause) {
        const QByteArray port = clause.valueText();
        if (port == "0" && m_session.know.isOpenSmtpd)
            lose(clause, ": only Postern lets the system choose; the usual port is taken");
        else if (!m_isModern && (port == "smtps" || port == "smtp") && m_session.know.source == Dialect::Modern)
            m_rewrite.replace(clause, port == "smtps" ? "port 465" : "port 25");
    }

    void pki(const Clause& clause) {
        const std::vector<const Clause*> all = m_at.allClauses(ClauseKind::Pki);
        if (m_is2012 && m_session.know.source != Dialect::Map2012) {
            m_rewrite.replace(clause, "certificate " + m_speller.value(*clause.value()));
            m_session.say(RemarkKind::Changed, m_at,
                          "the certificate is looked for as NAME.crt and NAME.key in " + QByteArray(kCertificates),
                          clause.range);
        }
        if (all.size() > 1 && &clause != all.front() && m_session.know.target != Target::OpenSmtpd78 &&
            m_session.know.isOpenSmtpd)
            lose(clause, " more than once; the first certificate is kept");
        if (m_session.know.target == Target::OpenSmtpd78) {
            const QByteArray spelled = definedPki(clause.valueText());
            if (!spelled.isEmpty() && spelled != clause.valueText())
                m_rewrite.replace(clause, "pki " + plainOrQuoted(spelled, Dialect::Modern));
        }
        const QByteArray ca = clause.valueText().toLower();
        if (m_session.know.pkiCas.contains(ca) && !m_view.ca() && !m_is2012)
            m_rewrite.append("ca " + plainOrQuoted(ca, m_session.know.dialect));
    }

    // As its statement spells it: since 7.3 capitals count.
    QByteArray definedPki(const QByteArray& name) const {
        for (const QByteArray& one : m_session.know.pkis) {
            if (one.compare(name, Qt::CaseInsensitive) == 0)
                return one;
        }
        return {};
    }

    void addMissing() {
        const config::Value* interface = m_view.interface();
        if (!interface)
            return;
        const bool was2012 = m_session.know.source == Dialect::Map2012;
        if (!m_session.know.serverName.isEmpty() && !m_view.hostname())
            m_rewrite.append("hostname " + plainOrQuoted(m_session.know.serverName, m_session.know.dialect));
        if (was2012 && !m_is2012 && !m_view.tag() && m_session.know.usedTags.contains(interface->text))
            m_rewrite.append("tag " + m_speller.value(*interface)); // the tag it had without being told
        if (m_view.tls() == ListenView::TlsWord::None || !m_view.pkis().empty() || m_is2012)
            return;
        if (was2012 && m_session.know.pkis.isEmpty()) {
            namePki(m_session, m_at, interface->text, m_piece);
            m_rewrite.append("pki " + m_speller.value(*interface));
            m_piece.uses.append("pki:" + interface->text.toLower());
        } else if (m_session.know.target == Target::OpenSmtpd78) {
            namePkis();
        }
    }

    // Since 7.3 each TLS listener names its certificates; before, the server's name found one, then "*".
    void namePkis() {
        QByteArrayList names;
        const QByteArray own = m_view.hostname() ? definedPki(m_view.hostname()->text) : QByteArray();
        if (!own.isEmpty())
            names = {own};
        else if (m_session.know.pkis.contains("*") && m_view.hostname())
            names = {"*"};
        else
            names = m_session.know.pkis;
        if (names.isEmpty()) {
            m_session.say(RemarkKind::Lost, m_at,
                          m_session.targetName() + " refuses TLS without a certificate: define a pki and name it here");
            return;
        }
        for (const QByteArray& name : names) {
            m_rewrite.append("pki " + plainOrQuoted(name, Dialect::Modern));
            m_piece.uses.append("pki:" + name.toLower());
        }
        m_session.say(RemarkKind::Changed, m_at,
                      "the certificate was found by the server's name; " + m_session.targetName() + " wants it named" +
                          (names.size() > 1 ? ", so all are, and the client's wish chooses among them" : ""));
    }

    void socket() {
        const bool isLocal =
            m_session.know.usedTags.contains("local") && !m_session.know.listenerTags.contains("local");
        if (isLocal && m_isModern && m_session.know.source != Dialect::Modern && !m_view.tag())
            m_rewrite.append("tag \"local\"");
        if (m_is2012) {
            m_piece.beside = asComments(m_session, m_at);
            m_session.say(RemarkKind::Lost, m_at, "\"listen on socket\" can't be said in " + m_session.targetName());
        } else if (!m_isModern && m_view.tag()) {
            lose(*m_at.clause(ClauseKind::Tag), "; its tag is always local");
        }
    }

    Session& m_session;
    const StatementView& m_at;
    const ListenView m_view;
    Piece& m_piece;
    const Speller m_speller;
    Rewrite m_rewrite;
    const bool m_isModern, m_is2012;
};

} // namespace

void namePki(Session& session, const StatementView& at, const QByteArray& name, Piece& piece) {
    const bool isDefined = std::any_of(session.know.pkis.begin(), session.know.pkis.end(), [&](const QByteArray& one) {
        return one.compare(name, Qt::CaseInsensitive) == 0;
    });
    if (isDefined || session.madePkis.contains(name.toLower()))
        return;
    session.madePkis.insert(name.toLower());
    const Dialect dialect = session.know.dialect;
    const QByteArray base = kCertificates + name;
    piece.above.append("pki " + plainOrQuoted(name, dialect) +
                       (dialect == Dialect::Modern ? " cert " : " certificate ") + quoted(base + ".crt", dialect) +
                       " key " + quoted(base + ".key", dialect));
    session.say(RemarkKind::Changed, at,
                "the certificate was found by its name; now a pki statement names its files, " + base +
                    ".crt and .key");
}

void convertListener(Session& session, const StatementView& statement, Piece& piece) {
    ListenerConversion(session, statement, piece).run();
    if (!piece.beside.isEmpty()) { // nothing of it could be said
        piece.statements = piece.beside;
        piece.beside.clear();
    }
}

void convertCertificate(Session& session, const StatementView& statement, Piece& piece) {
    const Speller speller(statement, session.know.target);
    Rewrite rewrite(statement, speller);
    const Dialect dialect = session.know.dialect;
    const auto pki = config::PkiView::from(statement);
    const config::Value* name = statement.values().empty() ? nullptr : &statement.values().front();
    if (name)
        piece.defines.append((pki ? "pki:" : "ca:") + (pki ? name->text.toLower() : name->text));
    if (dialect == Dialect::Map2012) {
        piece.statements = asComments(session, statement);
        session.say(RemarkKind::Changed, statement,
                    "programs of 2012 find certificates by name: put the files into " + QByteArray(kCertificates) +
                        " as NAME.crt, NAME.key and NAME.ca");
        return;
    }
    for (const Clause& clause : statement.clauses()) {
        const QByteArray word = clause.words.empty() ? QByteArray() : clause.words.front().text;
        const bool isFile =
            clause.kind == ClauseKind::Certificate || clause.kind == ClauseKind::Key || clause.kind == ClauseKind::Ca;
        const bool isRelative =
            isFile && session.know.isOpenSmtpd && clause.value() && !clause.valueText().startsWith('/');
        const QByteArray newWord = clause.kind != ClauseKind::Certificate ? word
                                   : dialect == Dialect::Modern           ? "cert"
                                                                          : "certificate";
        if (pki && clause.kind == ClauseKind::Ca) {
            const QByteArray ca = pki->name()->text.toLower();
            piece.above.append("ca " + plainOrQuoted(ca, dialect) +
                               (dialect == Dialect::Modern ? " cert " : " certificate ") +
                               speller.value(*clause.value()));
            piece.defines.append("ca:" + ca);
            rewrite.remove(clause);
            session.say(RemarkKind::Changed, statement,
                        "the certificate authority is a statement of its own now; listeners with this pki name it",
                        clause.range);
        } else if (isRelative) {
            rewrite.replace(clause,
                            newWord + ' ' + quoted(onTheServer(session, statement, clause.valueText()), dialect));
        } else if (newWord != word) {
            rewrite.replace(clause, newWord + ' ' + speller.value(*clause.value()));
        } else if (clause.kind == ClauseKind::DhParams && dialect == Dialect::Modern) {
            rewrite.replace(clause, "dhe auto");
            session.say(RemarkKind::Lost, statement,
                        "a file of Diffie-Hellman parameters can't be given any more; "
                        "\"dhe auto\" lets the TLS library choose",
                        clause.range);
        } else if (clause.kind == ClauseKind::Dhe && dialect == Dialect::Legacy && session.know.isOpenSmtpd) {
            rewrite.remove(clause);
            if (clause.valueText() != "none")
                session.say(RemarkKind::Lost, statement, "\"dhe\" can't be said in " + session.targetName(),
                            clause.range);
        }
    }
    piece.statements = {rewrite.text()};
    const bool isBare =
        rewrite.changesSomething() && piece.statements.front() == "pki " + (name ? speller.value(*name) : "");
    if (isBare) { // nothing was left
        piece.statements = piece.above;
        piece.above.clear();
    }
}

} // namespace postern::convert
