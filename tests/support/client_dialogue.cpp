// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/client_dialogue.h"

#include <algorithm>

namespace postern::test {
namespace {

using namespace smtp;

struct Part {
    bool server = false;
    QByteArray bytes;
};

std::vector<Part> parts(const QByteArray& script) {
    std::vector<Part> out;
    for (QByteArray line : script.split('\n')) {
        if (line.size() < 2)
            continue;
        const bool server = line.startsWith('S');
        QByteArray text = line.mid(3);
        if (out.empty() || out.back().server != server || text.startsWith('<') || out.back().bytes.startsWith('<'))
            out.push_back({server, {}});
        out.back().bytes += text.startsWith("<close>") || text.startsWith("<timeout>") ? text : text + "\r\n";
    }
    return out;
}

// Plays relay::ClientConnection: carries out effects until nothing is left to do without the server.
class Player {
  public:
    Player(ClientDialogue& d) : m_d(d), m_session(d.settings) {}
    ClientSession& session() { return m_session; }
    QByteArray takeSent() { return std::exchange(m_sent, {}); }
    bool m_readyAfterEnd = false;

    void perform(ClientEffects effects) {
        for (ClientEffect& effect : effects) {
            if (auto* send = std::get_if<effect::ClientSend>(&effect)) {
                m_sent += send->bytes;
            } else if (std::holds_alternative<effect::ClientStartTls>(effect)) {
                ++m_d.startTlsCount;
                m_handshake = true;
            } else if (std::holds_alternative<effect::NeedContent>(effect)) {
                m_wantsContent = true;
            } else if (auto* done = std::get_if<effect::MailDone>(&effect)) {
                m_d.outcomes.push_back(done->outcomes);
                m_at = 0;
                m_wantsContent = false;
            } else if (std::holds_alternative<effect::Ready>(effect)) {
                m_ready = true;
            } else if (auto* end = std::get_if<effect::Finished>(&effect)) {
                if (m_d.finished)
                    m_readyAfterEnd = true;
                m_d.finished = true;
                m_d.fault = end->fault;
            }
        }
    }
    void goOn() {
        while (!m_d.finished) {
            if (std::exchange(m_handshake, false)) {
                perform(m_d.handshakeWorks ? m_session.tlsStarted() : m_session.tlsFailed("certificate has expired"));
            } else if (std::exchange(m_wantsContent, false)) {
                const QByteArray piece = m_d.content.mid(m_at, m_d.pieceSize);
                m_at += piece.size();
                perform(m_session.content(piece));
            } else if (std::exchange(m_ready, false)) {
                if (m_next < m_d.mails.size())
                    perform(m_session.offer(m_d.mails[m_next++]));
                else if (m_d.quitAtEnd)
                    perform(m_session.quit());
            } else {
                return;
            }
        }
    }

  private:
    ClientDialogue& m_d;
    ClientSession m_session;
    QByteArray m_sent;
    size_t m_next = 0;
    qsizetype m_at = 0;
    bool m_handshake = false, m_wantsContent = false, m_ready = false;
};

} // namespace

const char* toText(FaultKind kind) {
    switch (kind) {
    case FaultKind::ConnectionLost: return "ConnectionLost";
    case FaultKind::Timeout: return "Timeout";
    case FaultKind::GreetingRefused: return "GreetingRefused";
    case FaultKind::HeloRefused: return "HeloRefused";
    case FaultKind::TlsUnavailable: return "TlsUnavailable";
    case FaultKind::TlsFailed: return "TlsFailed";
    case FaultKind::AuthUnavailable: return "AuthUnavailable";
    case FaultKind::AuthRefused: return "AuthRefused";
    case FaultKind::ProtocolError: return "ProtocolError";
    case FaultKind::ServiceClosing: return "ServiceClosing";
    }
    return "?";
}

const char* toText(OutcomeKind kind) {
    switch (kind) {
    case OutcomeKind::Delivered: return "D";
    case OutcomeKind::Temporary: return "T";
    case OutcomeKind::Permanent: return "P";
    }
    return "?";
}

ClientMail mailFor(const QByteArrayList& recipients, const QByteArray& sender) {
    const auto address = [](const QByteArray& text) {
        const qsizetype at = text.lastIndexOf('@');
        return at < 0 ? Address() : Address(text.left(at), text.mid(at + 1));
    };
    ClientMail mail;
    mail.sender = address(sender);
    mail.params.declaredSize = 21;
    for (const QByteArray& recipient : recipients)
        mail.recipients.push_back({address(recipient), {}});
    return mail;
}

qsizetype ClientDialogue::longestServerPart() const {
    qsizetype longest = 0;
    for (const Part& part : parts(script))
        if (part.server)
            longest = std::max(longest, part.bytes.size());
    return longest;
}

QByteArray ClientDialogue::run(const Cut& cut) {
    outcomes.clear();
    fault.reset();
    finished = false;
    startTlsCount = 0;
    Player player(*this);
    player.perform(player.session().connected());
    player.goOn();
    QByteArray trouble;
    const auto expect = [&](const QByteArray& want) {
        const QByteArray sent = player.takeSent();
        if (trouble.isEmpty() && sent != want)
            trouble = "client said " + sent.toPercentEncoding(" <>@:.=") + " instead of " +
                      want.toPercentEncoding(" <>@:.=");
    };
    const std::vector<Part> all = parts(script);
    for (size_t i = 0; i < all.size(); ++i) {
        const QByteArray& bytes = all[i].bytes;
        if (!all[i].server) {
            expect(bytes);
            continue;
        }
        if (i > 0 && all[i - 1].server)
            expect({});
        const auto feed = [&](const QByteArray& some) { player.perform(player.session().feed(some)); };
        if (bytes.startsWith("<close>")) {
            player.perform(player.session().peerClosed("reset by peer"));
        } else if (bytes.startsWith("<timeout>")) {
            player.perform(player.session().timedOut());
        } else if (cut.kind == Cut::Kind::EachByte) {
            for (const char c : bytes)
                feed(QByteArray(1, c));
        } else if (cut.kind == Cut::Kind::At && cut.at < bytes.size()) {
            feed(bytes.left(cut.at));
            feed(bytes.mid(cut.at));
        } else {
            feed(bytes);
        }
        player.goOn(); // only now: a part is what the server says without waiting for us
    }
    expect({});
    if (player.m_readyAfterEnd && trouble.isEmpty())
        trouble = "the session finished twice";
    summary.clear();
    for (const auto& mail : outcomes) {
        for (const RecipientOutcome& outcome : mail)
            summary += QByteArray(toText(outcome.kind)) + ' ';
        summary = summary.trimmed() + "; ";
    }
    summary += !finished ? QByteArray("open") : fault ? QByteArray("fault ") + toText(fault->kind) : QByteArray("end");
    return trouble;
}

} // namespace postern::test
