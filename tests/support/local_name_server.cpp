// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/local_name_server.h"

#include <QStandardPaths>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace postern::test {

SilentPort::SilentPort() : m_descriptor(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(m_descriptor, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        ::getsockname(m_descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0)
        qFatal("no loopback port");
    m_port = ntohs(address.sin_port);
}

SilentPort::~SilentPort() {
    ::close(m_descriptor);
}

LocalNameServer::LocalNameServer(const QStringList& domains, const QStringList& records, const QString& at) {
    m_arguments = {u"--no-daemon"_s, u"--conf-file=/dev/null"_s, u"--no-resolv"_s,          u"--no-hosts"_s,
                          u"--pid-file="_s,  u"--log-facility=-"_s,       u"--bind-interfaces"_s,
                          u"--listen-address="_s + (at.isEmpty() ? u"127.0.0.1"_s : at)};
    for (const QString& domain : domains)
        m_arguments.append(u"--local=/%1/"_s.arg(domain));
    m_arguments += records;
    if (!at.isEmpty()) {
        m_port = 53;
        start();
        return;
    }
    // Another program may take the port between our choosing it and dnsmasq's opening it.
    for (int attempt = 0; attempt < 5; ++attempt) {
        m_port = SilentPort().port();
        if (start())
            break;
        m_output.clear();
    }
}

bool LocalNameServer::start() {
    const QString program = QStandardPaths::findExecutable(u"dnsmasq"_s).isEmpty() ? u"/usr/sbin/dnsmasq"_s : u"dnsmasq"_s;
    m_process.setProcessChannelMode(QProcess::MergedChannels);
    m_process.start(program, m_arguments + QStringList{u"--port=%1"_s.arg(m_port)});
    while (m_process.state() != QProcess::NotRunning && m_process.waitForReadyRead(10'000)) {
        m_output += m_process.readAll();
        if (m_output.contains("started, version"))
            return true;
    }
    m_output += m_process.readAll();
    return false;
}

LocalNameServer::~LocalNameServer() {
    setDown(true);
}

void LocalNameServer::setDown(bool down) {
    if (down && m_process.state() != QProcess::NotRunning) {
        m_process.kill();
        m_process.waitForFinished();
    } else if (!down && !isRunning()) {
        m_output.clear();
        start();
    }
}

} // namespace postern::test
