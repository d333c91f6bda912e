// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/fake_internet.h"

#include <algorithm>

namespace postern::test {

bool FakeHop::saw(const QByteArray& prefix) const {
    return std::any_of(commands.begin(), commands.end(),
                       [&](const QByteArray& command) { return command.startsWith(prefix); });
}

class FakeStream final : public tls::Stream {
  public:
    FakeStream(FakeInternet& net, std::shared_ptr<FakeHop> hop, QByteArray address, quint16 port, QByteArray source,
               tls::StreamHandler* handler)
        : m_net(net), m_hop(std::move(hop)), m_address(std::move(address)), m_port(port), m_source(std::move(source)),
          m_handler(handler) {
        m_net.m_streams.push_back(this);
        m_hop->connects += isBadSource() ? 0 : 1;
    }
    ~FakeStream() override {
        leave();
        std::erase(m_net.m_streams, this);
    }

    void setHandler(tls::StreamHandler* handler) override { m_handler = handler; }
    void write(QByteArray bytes) override {
        if (!m_closed)
            m_in += bytes;
        m_writtenDue = true;
    }
    qint64 unsent() const override { return m_in.size(); }
    void setReading(bool on) override { m_reading = on; }
    void limitReads(qint64) override {}
    void startServerTls(const tls::ServerTls&) override {}
    void startClientTls(const tls::ClientTlsPolicy&) override { m_tlsDue = true; }
    void close() override { m_closeDue = true; }
    void abort() override {
        m_hop->halfMail += m_content;
        leave();
        m_closed = true;
        m_handler = nullptr;
    }
    QByteArray peerAddress() const override { return m_address; }
    quint16 peerPort() const override { return m_port; }
    QByteArray localAddress() const override { return m_source.isEmpty() ? m_net.localAddress : m_source; }
    quint16 localPort() const override { return 40000; }
    bool isEncrypted() const override { return m_tls; }

    const FakeHop* hop() const { return m_hop.get(); }
    void hangUp() { m_peerCloses = true; }
    void drip(const QByteArray& octets) { m_out += octets; }

    bool deliver() {
        if (m_closed || !m_handler)
            return false;
        if (!m_connected) {
            if (isBadSource()) {
                end({ErrorCode::NotFound, "source address " + m_source + " cannot be used: not here", Permanence::Temporary}, false);
                return true;
            }
            if (m_hop->connect == FakeHop::Connect::Silent)
                return false;
            if (m_hop->connect == FakeHop::Connect::Refused) {
                end({ErrorCode::Unavailable, "connection to " + m_address + " refused", Permanence::Temporary}, false);
                return true;
            }
            m_connected = true;
            m_hop->mostOpen = std::max(m_hop->mostOpen, ++m_hop->open);
            m_counted = true;
            m_wrapped = m_port == 465;
            if (const QByteArray greeting = m_hop->greetingTo.value(m_source, m_hop->greeting); !m_wrapped && !greeting.isEmpty())
                say(greeting);
            m_handler->onConnected();
            return true;
        }
        if (!m_in.isEmpty() && !isFull()) {
            takeInput();
            return true;
        }
        if (!m_out.isEmpty() && m_reading) {
            const QByteArray out = std::exchange(m_out, {});
            m_handler->onBytes(out);
            return true;
        }
        if (!isFull() && std::exchange(m_writtenDue, false)) {
            m_handler->onWritten();
            return true;
        }
        if (std::exchange(m_tlsDue, false)) {
            if (!m_hop->tlsTrouble.isEmpty()) {
                end({ErrorCode::Tls, "TLS with " + m_address + " failed: " + m_hop->tlsTrouble, Permanence::Temporary}, false);
                return true;
            }
            m_tls = true;
            if (m_wrapped)
                say(m_hop->greeting);
            m_handler->onEncrypted({"TLSv1.3", "TLS_AES_256_GCM_SHA384", 256, true, "hop"});
            return true;
        }
        if (m_peerCloses) {
            end({ErrorCode::Io, m_address + " closed the connection", Permanence::Temporary}, true);
            return true;
        }
        if (m_closeDue) {
            end({}, false);
            return true;
        }
        return false;
    }

  private:
    bool isFull() const {
        return m_inData && m_hop->stopsReadingAfter > 0 && m_content.size() + m_lines.size() >= m_hop->stopsReadingAfter;
    }
    bool isBadSource() const { return m_net.badSources.contains(m_source); }
    void say(const QByteArray& line) {
        if (!m_silent)
            m_out += line + "\r\n";
    }
    void leave() {
        if (std::exchange(m_counted, false))
            --m_hop->open;
    }
    void end(const Error& reason, bool peerEnded) {
        m_hop->halfMail += m_content;
        leave();
        m_closed = true;
        m_handler->onClosed(reason, peerEnded);
    }

    void takeInput() {
        m_lines += std::exchange(m_in, {});
        for (;;) {
            if (m_inChunk) {
                const qsizetype taken = std::min<qsizetype>(m_chunkLeft, m_lines.size());
                m_content += m_lines.left(taken);
                m_lines.remove(0, taken);
                if ((m_chunkLeft -= taken) > 0)
                    return;
                m_inChunk = false;
                m_hop->mails.push_back(std::exchange(m_content, {}));
                say(m_hop->dotReply);
            }
            const qsizetype end = m_lines.indexOf("\r\n");
            if (end < 0 || m_peerCloses)
                return;
            const QByteArray line = m_lines.left(end);
            m_lines.remove(0, end + 2);
            if (m_inData)
                takeContent(line);
            else
                takeCommand(line);
        }
    }
    void takeContent(const QByteArray& line) {
        if (line != ".") {
            m_content += (line.startsWith('.') ? line.mid(1) : line) + "\r\n";
            return;
        }
        m_inData = false;
        m_hop->mails.push_back(std::exchange(m_content, {}));
        m_silent = m_silent || m_hop->silentAt == ".";
        if (m_hop->closeAt == ".")
            m_peerCloses = true;
        else
            say(m_hop->dotReply);
    }
    void takeCommand(const QByteArray& line) {
        m_hop->commands.append((m_tls ? "*" : "") + line);
        const QByteArray verb = line.left(line.indexOf(' ') < 0 ? line.size() : line.indexOf(' ')).toUpper();
        if (m_hop->mute)
            return;
        m_silent = m_silent || verb == m_hop->silentAt;
        if (verb == m_hop->closeAt || (verb == "MAIL" && ++m_mailCount == m_hop->closeAtMail)) {
            m_peerCloses = true;
            return;
        }
        if (verb == "EHLO" || verb == "LHLO") {
            QByteArrayList lines{"hop"};
            for (const QByteArray& keyword : m_hop->keywords)
                if (!(m_tls && keyword == "STARTTLS"))
                    lines.append(keyword);
            for (qsizetype i = 0; i < lines.size(); ++i)
                say((i + 1 < lines.size() ? "250-" : "250 ") + lines[i]);
        } else if (verb == "STARTTLS") {
            say("220 go");
        } else if (verb == "AUTH") {
            say(m_hop->authReply);
        } else if (verb == "MAIL") {
            say(m_hop->mailReply);
        } else if (verb == "RCPT") {
            const QByteArray address = line.mid(9, line.indexOf('>') - 9);
            say(m_hop->rcptReply.value(address, "250 2.1.5 ok"));
        } else if (verb == "DATA") {
            m_inData = m_hop->dataReply.startsWith("354");
            say(m_hop->dataReply);
        } else if (verb == "BDAT") { // one chunk only: BDAT n LAST
            m_inChunk = true;
            m_chunkLeft = line.mid(5, line.indexOf(' ', 5) - 5).toLongLong();
        } else if (verb == "QUIT") {
            say("221 bye");
            m_peerCloses = true;
        } else {
            say("250 ok");
        }
    }

    FakeInternet& m_net;
    std::shared_ptr<FakeHop> m_hop;
    QByteArray m_address;
    quint16 m_port;
    QByteArray m_source;
    tls::StreamHandler* m_handler;
    QByteArray m_in, m_out, m_lines, m_content;
    bool m_connected = false, m_closed = false, m_counted = false, m_tls = false, m_wrapped = false;
    bool m_tlsDue = false, m_closeDue = false, m_peerCloses = false, m_writtenDue = false, m_inData = false;
    bool m_inChunk = false;
    qint64 m_chunkLeft = 0;
    bool m_reading = true, m_silent = false;
    int m_mailCount = 0;
};

std::shared_ptr<FakeHop> FakeInternet::hopPtr(const QByteArray& key) {
    auto& hop = m_hops[key];
    if (!hop)
        hop = std::make_shared<FakeHop>();
    return hop;
}

std::unique_ptr<tls::Stream> FakeInternet::connect(const QByteArray& address, quint16 port, const QByteArray& source,
                                                   tls::StreamHandler* handler) {
    sources.append(source);
    return std::make_unique<FakeStream>(*this, hopPtr(address + ':' + QByteArray::number(port)), address, port, source,
                                        handler);
}

bool FakeInternet::deliver() {
    bool any = false;
    const auto streams = m_streams; // callbacks may open and destroy streams
    for (FakeStream* stream : streams)
        if (std::find(m_streams.begin(), m_streams.end(), stream) != m_streams.end())
            any = stream->deliver() || any;
    return any;
}

void FakeInternet::drip(const QByteArray& addressAndPort, const QByteArray& octets) {
    const auto hop = hopPtr(addressAndPort);
    for (FakeStream* stream : m_streams)
        if (stream->hop() == hop.get())
            stream->drip(octets);
}

void FakeInternet::hangUp(const QByteArray& addressAndPort) {
    const auto hop = hopPtr(addressAndPort);
    for (FakeStream* stream : m_streams)
        if (stream->hop() == hop.get())
            stream->hangUp();
}

} // namespace postern::test
