// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/server_laws.h"

#include "smtp/server_session.h"

#include <algorithm>
#include <optional>

using namespace Qt::StringLiterals;

namespace postern::test {
namespace {

using namespace smtp;

bool isPrintable(QByteArrayView text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 32 && c < 127; });
}

bool isClean(const Address& address) {
    const QByteArray text = address.text();
    return isValidUtf8(text) && std::all_of(text.begin(), text.end(), [](char c) { return uchar(c) >= 32 && c != 127; });
}

bool hasOnlyCrLf(const QByteArray& content) {
    return content.count('\r') == content.count("\r\n") && content.count('\n') == content.count("\r\n");
}

class Watch {
  public:
    Watch(ServerFeatures features, ServerLimits limits)
        : m_limits(limits), session(std::move(features), limits, ClientFacts{"192.0.2.7", 4711, {}}) {}

    void take(const ServerEffects& effects) {
        for (const ServerEffect& e : effects) {
            if (m_closed)
                broken("an effect behind Close");
            std::visit([this](const auto& one) { see(one); }, e);
        }
        if (session.isClosed() != m_closed)
            broken("closed without Close");
        if (!m_closed && session.isWaiting() != (m_question && *m_question != Question::Tls))
            broken("waiting without a question");
    }

    // Answers the open question; `how` decides what.
    void answer(uchar how) {
        if (!m_question)
            return;
        const Question question = *m_question;
        m_question.reset();
        const Reply reply = how % 4 == 0   ? makeReply(550, {5, 1, 1}, "no\r\n250 yes")
                            : how % 7 == 1 ? makeReply(451, {4, 3, 0}, "later")
                                           : makeReply(250, {2, 0, 0}, "yes");
        switch (question) {
        case Question::Sender: take(session.senderChecked(reply)); break;
        case Question::Recipient: take(session.recipientChecked(reply)); break;
        case Question::Login: take(session.loginChecked(LoginOutcome(how % 3))); break;
        case Question::Commit: take(session.stored(reply)); break;
        case Question::Tls: take(session.tlsStarted({"TLSv1.3", "x", 256, false, {}})); break;
        }
    }

    bool isOpen() const { return m_question.has_value(); }
    bool isClosed() const { return m_closed; }
    QByteArray problem;

  private:
    enum class Question { Sender, Recipient, Login, Commit, Tls };

    void broken(const char* law) {
        if (problem.isEmpty())
            problem = law;
    }
    void ask(Question question) {
        if (m_question)
            broken("a question while one is open");
        m_question = question;
    }

    void see(const effect::Send& send) {
        if (!send.bytes.endsWith("\r\n"))
            broken("a reply without its line end");
        for (const QByteArray& line : send.bytes.chopped(std::min<qsizetype>(2, send.bytes.size())).split('\n')) {
            const QByteArray text = line.endsWith('\r') ? line.chopped(1) : line;
            if (text.size() > 510 || !isPrintable(text))
                broken("a reply that is no clean line");
        }
    }
    void see(const effect::StartTls&) { ask(Question::Tls); }
    void see(const effect::CheckSender& q) {
        if (!isClean(q.sender) || (!q.sender.isAscii() && !q.params.smtpUtf8))
            broken("a sender that is not printable");
        if (!isPrintable(q.params.envid))
            broken("an ENVID that is not printable");
        if (session.features().requireTls && !session.isTls())
            broken("MAIL before TLS");
        if (session.features().auth == AuthMode::Required && session.user().isEmpty())
            broken("MAIL before AUTH");
        ask(Question::Sender);
    }
    void see(const effect::CheckRecipient& q) {
        const bool utf8 = session.transaction().params.smtpUtf8;
        if (!isClean(q.recipient.address) || q.recipient.address.isNull() || (!q.recipient.address.isAscii() && !utf8))
            broken("a recipient that is not printable");
        if (!isPrintable(q.recipient.params.orcpt) || !isPrintable(q.recipient.params.notify))
            broken("a DSN parameter that is not printable");
        ask(Question::Recipient);
    }
    void see(const effect::CheckLogin& q) {
        if (!session.isTls())
            broken("a login outside TLS");
        if (q.user.isEmpty() || q.password.isEmpty())
            broken("an empty login");
        ask(Question::Login);
    }
    void see(const effect::BeginContent&) {
        if (m_open)
            broken("content in content");
        if (session.transaction().recipients.empty())
            broken("content for nobody");
        m_open = true;
        m_content.clear();
    }
    void see(const effect::Content& piece) {
        if (!m_open)
            broken("content that was not begun");
        m_content += piece.bytes;
    }
    void see(const effect::Commit&) {
        if (!m_open)
            broken("a commit of nothing");
        if (m_content.contains('\0') || !hasOnlyCrLf(m_content))
            broken("dirty content");
        if (!m_content.isEmpty() && !m_content.endsWith("\r\n"))
            broken("content without its last line end");
        if (m_limits.maxMessageSize > 0 && m_content.size() > m_limits.maxMessageSize)
            broken("content over the limit");
        if (session.contentFacts().octets != m_content.size())
            broken("octets counted wrongly");
        m_open = false;
        ask(Question::Commit);
    }
    void see(const effect::Discard&) {
        if (!m_open)
            broken("nothing to discard");
        m_open = false;
    }
    void see(const effect::Close&) {
        if (m_open)
            broken("content left open");
        m_closed = true;
    }

    ServerLimits m_limits;
    std::optional<Question> m_question;
    bool m_open = false;
    bool m_closed = false;
    QByteArray m_content;

  public:
    ServerSession session;
};

} // namespace

QByteArray brokenServerLaw(QByteArrayView input) {
    if (input.size() < 4)
        return {};
    const uchar kind = uchar(input[0]);
    const uchar cut = uchar(input[1]);
    const uchar how = uchar(input[2]);
    ServerLimits limits;
    limits.maxMessageSize = (kind & 0x80) ? 200 : 100'000;
    limits.maxRecipients = 3;
    limits.maxMails = (kind & 0x40) ? 2 : 0;
    limits.maxTextLine = (kind & 0x20) ? 20 : 65536;
    limits.maxHops = 4;
    Watch watch({"gate.example", (kind & 1) != 0, (kind & 2) != 0, (kind & 4) != 0, AuthMode(((kind >> 3) & 3) % 3)}, limits);
    if (kind & 4)
        watch.take(watch.session.tlsStarted({"TLSv1.3", "x", 256, false, {}}));
    watch.take(watch.session.greet());

    const qsizetype step = 1 + cut;
    uchar turn = how;
    for (qsizetype at = 3; at < input.size() && !watch.isClosed() && watch.problem.isEmpty(); at += step) {
        QByteArrayView piece = input.sliced(at, std::min(step, input.size() - at));
        const qsizetype odd = piece.indexOf('\xff');
        if (odd >= 0 && odd + 1 < piece.size()) {
            watch.take(watch.session.feed(piece.first(odd)));
            switch (uchar(piece[odd + 1]) % 6) {
            case 0: watch.take(watch.session.peerClosed()); break;
            case 1: watch.take(watch.session.timedOut()); break;
            case 2: watch.take(watch.session.shutDown()); break;
            default: break;
            }
            piece = piece.sliced(odd + 2);
        }
        watch.take(watch.session.feed(piece));
        for (int i = 0; i < 20 && watch.isOpen() && (how & 1) == 0; ++i)
            watch.answer(turn++);
        watch.answer(turn++);
    }
    while (watch.isOpen() && !watch.isClosed())
        watch.answer(turn++);
    watch.take(watch.session.peerClosed());
    return watch.problem;
}

} // namespace postern::test
