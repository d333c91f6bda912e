// SPDX-License-Identifier: GPL-3.0-or-later
//
// S11: sign-in, domains and aliases in a real directory (slapd), which is slow, killed and started again meanwhile: no session
// hangs, nobody gets in who should not, and all comes back by itself.
#include "stories/support/database_peer.h"
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/smtp_sender.h"
#include "support/lookup_cases.h"
#include "support/test_certs.h"
#include "tables/ldap_backend.h"

#include <QTest>

#include <algorithm>
#include <future>

using namespace Qt::StringLiterals;
using namespace postern;
using namespace postern::tables;
using namespace postern::test;

namespace {

// All in attributes of inetOrgPerson, told apart by `ou`, as the filters below want it.
QByteArray entry(const QByteArray& name, const LookupEntry& one) {
    const auto line = [](const QByteArray& attribute, const QByteArray& value) { return attribute + ":: " + value.toBase64() + '\n'; };
    QByteArray text = "dn: uid=" + name + ",dc=office,dc=example\nchangetype: add\nobjectClass: inetOrgPerson\nsn: x\n" +
                      line("cn", one.key) + line("ou", toString(one.service).toByteArray());
    if (one.service == Service::Credentials)
        return text + line("displayName", one.values[0]) + line("description", one.values[1]) + '\n';
    if (one.service == Service::Userinfo)
        return text + line("employeeNumber", one.values[0]) + line("departmentNumber", one.values[1]) + line("description", one.values[2]) + '\n';
    for (const QByteArray& value : one.values)
        text += line("mail", value);
    return text + '\n';
}

const QList<Service>& services() {
    using enum Service;
    static const QList<Service> kAll{Alias, Domain, Credentials, Netaddr, Userinfo, Mailaddr, Mailaddrmap};
    return kAll;
}

QByteArray office() {
    QByteArray ldif = "dn: dc=office,dc=example\nchangetype: add\nobjectClass: dcObject\nobjectClass: organization\no: office\ndc: office\n\n";
    int number = 0;
    for (const LookupEntry& one : lookupEntries())
        if (services().contains(one.service))
            ldif += entry(QByteArray::number(++number), one);
    return ldif;
}

QByteArray filters() {
    QByteArray lines;
    for (const Service service : services()) {
        const QByteArray name = toString(service).toByteArray();
        lines += name + "_filter (&(ou=" + name + ")(cn=%s))\n" + name + "_attributes " +
                 (service == Service::Credentials ? "displayName,description"
                  : service == Service::Userinfo  ? "employeeNumber,departmentNumber,description"
                                                  : "mail") +
                 '\n';
    }
    return lines;
}

} // namespace

class StoryDirectory : public QObject {
    Q_OBJECT

    TestCerts m_certs;
    DatabasePeer m_peer{DatabasePeer::Program::Slapd};

    static QByteArray stateOf(const GatewayProcess& gateway) {
        const auto tables = gateway.ctl({u"status"_s, u"--json"_s}).json().toObject()["tables"_L1].toArray();
        return tables.isEmpty() ? QByteArray("no table") : tables.first().toObject()["state"_L1].toString().toLatin1();
    }

  private Q_SLOTS:
    void initTestCase() {
        const CertificateFiles own = m_certs.issue({.dnsNames = {"directory.example"}, .addresses = {"127.0.0.1"}});
        m_peer.useCertificate(own.certFile, own.keyFile);
        STORY_VERIFY(m_peer.start(), m_peer.log());
        STORY_VERIFY(m_peer.run({office()}), m_peer.log());
    }

    void theDirectoryGivesTheAnswersOfAll() {
        const MadeBackend made = makeLdapBackend({"office", "office.conf", m_peer.place() + filters(), false});
        QVERIFY(made.make);
        QVERIFY(made.holdsSecret);
        const auto backend = made.make();
        const auto opened = backend->open();
        STORY_VERIFY(opened.has_value(), opened ? QByteArray() : opened.error().text);
        for (const LookupCase& one : lookupCases())
            if (services().contains(one.service))
                STORY_VERIFY(lookedUp(*backend, one.service, one.key) == one.answer,
                             one.name + ": " + lookedUp(*backend, one.service, one.key) + " instead of " + one.answer);
        QVERIFY(backend->probe());
        const auto none = backend->lookup(Service::Addrname, "192.0.2.1");
        QVERIFY(!none);
        QCOMPARE(int(none.error().code), int(ErrorCode::Unsupported));
    }

    void whatIsWrongIsTold() {
        const auto refused = [](QByteArray place, const QByteArray& from, const QByteArray& to) {
            const auto backend = makeLdapBackend({"office", "office.conf", place.replace(from, to) + filters(), false}).make();
            const auto opened = backend->open();
            const auto looked = opened ? backend->check(Service::Domain, "one.example") : Result<bool>(opened.error());
            return looked ? Error{ErrorCode::Internal, "it answered"} : looked.error();
        };
        const Error password = refused(m_peer.place(), "s3cret", "wrong");
        QCOMPARE(int(password.code), int(ErrorCode::Denied));
        STORY_VERIFY(password.text.contains("signing in: Invalid credentials") && !password.text.contains("wrong"), password.text);
        const Error base = refused(m_peer.place(), "basedn dc=office", "basedn dc=factory");
        STORY_VERIFY(base.text.contains("basedn"), base.text);
        const Error away = refused(m_peer.place(), QByteArray::number(m_peer.port()), "1");
        QCOMPARE(int(away.code), int(ErrorCode::Unavailable));
        STORY_VERIFY(away.text.contains("Can't contact LDAP server"), away.text);
    }

    void theCertificateIsChecked_data() {
        QTest::addColumn<QByteArray>("scheme");
        QTest::newRow("TLS from the start") << QByteArray("ldaps");
        QTest::newRow("STARTTLS") << QByteArray("ldap+tls");
    }

    void theCertificateIsChecked() {
        QFETCH(QByteArray, scheme);
        const QByteArray port = QByteArray::number(scheme == "ldaps" ? m_peer.tlsPort() : m_peer.port());
        const auto asked = [&](const QByteArray& host, const QByteArray& caFile) {
            QByteArray place = m_peer.place();
            place.replace(0, place.indexOf('\n'), "url " + scheme + "://" + host + ':' + port + "\nca_file " + caFile);
            const auto backend = makeLdapBackend({"office", "office.conf", place + filters(), false}).make();
            const auto opened = backend->open();
            return opened ? lookedUp(*backend, Service::Domain, "one.example") : "failed: " + opened.error().text;
        };
        QCOMPARE(asked("127.0.0.1", m_certs.caFile()), "yes");
        QVERIFY(asked("localhost", m_certs.caFile()).startsWith("failed: ")); // the name is not in it
        TestCerts strangers;
        QVERIFY(asked("127.0.0.1", strangers.caFile()).startsWith("failed: "));
        QVERIFY(asked("127.0.0.1", "/nowhere/ca.pem").startsWith("failed: "));
    }

    void S11_theDirectoryIsSlowKilledAndComesBack() {
        const CertificateFiles own = m_certs.server("localhost");
        MailSink sink;
        GatewayProcess gateway("pki localhost cert \"" + own.certFile + "\"\npki localhost key \"" + own.keyFile + "\"\n"
                               "table office ldap:office.conf\nlisten on 127.0.0.1 port 0 tls pki localhost auth-optional <office>\n"
                               "action \"in\" forward-only alias <office>\n"
                               "action \"out\" relay host smtp+notls://127.0.0.1:" + QByteArray::number(sink.port()) + "\n"
                               "match from any for domain <office> action \"in\"\nmatch from local for any action \"out\"\n");
        gateway.write(u"office.conf"_s, m_peer.place() + filters());
        STORY_VERIFY(gateway.start(), gateway.log());
        const QByteArray hash = posternctl({u"encrypt"_s, u"s3cret"_s}).out.trimmed();
        STORY_VERIFY(m_peer.run({entry("joe", {Service::Credentials, "joe", {"joe", "{CRYPT}" + hash}}),
                                 entry("dom2", {Service::Domain, "two.test", {"two.test"}}),
                                 entry("dom3", {Service::Domain, "three.test", {"three.test"}}),
                                 entry("all", {Service::Alias, "all", {"joe@far.example", "eve@far.example"}})}),
                     m_peer.log());
        const auto signIn = [&](const QString& user, const QString& password) {
            const Ran ran = run(u"swaks"_s, {u"--server"_s, u"127.0.0.1:%1"_s.arg(gateway.port()), u"--from"_s, u"joe@office.example"_s,
                                             u"--to"_s, u"x@far.example"_s, u"--tls"_s, u"--auth"_s, u"PLAIN"_s, u"--auth-user"_s, user,
                                             u"--auth-password"_s, password, u"--quit-after"_s, u"AUTH"_s});
            for (const char* code : {"235 2.7.0", "535 5.7.8", "454 4.7.0", "501 5"})
                if (ran.out.contains(code))
                    return QByteArray(code).left(3);
            return ran.out + ran.err;
        };
        QCOMPARE(signIn(u"joe"_s, u"s3cret"_s), "235");
        QCOMPARE(signIn(u"joe"_s, u"wrong"_s), "535");
        QVERIFY(signIn(u"joe"_s, {}) != "235"); // A12
        QCOMPARE(signIn(u"*"_s, u"s3cret"_s), "535"); // A08
        QCOMPARE(signIn(u"*)(cn=joe))(|"_s, u"s3cret"_s), "535");

        SmtpSender session(gateway.port());
        session.command("EHLO client.example");
        session.command("MAIL FROM:<joe@office.example>");
        QCOMPARE(session.command("RCPT TO:<all@one.example>").left(3), "250");
        session.command("RSET");
        QVERIFY(session.send("joe@office.example", {"all@one.example"}, "Subject: one\r\n\r\nbody\r\n").startsWith("250"));
        QVERIFY(sink.waitFor(1));
        QByteArrayList reached;
        QTRY_VERIFY_WITH_TIMEOUT((reached.clear(), std::ranges::for_each(sink.mails(), [&](const SunkMail& mail) { reached += mail.rcpts; }),
                                  reached.size() == 2), 20'000);
        std::sort(reached.begin(), reached.end());
        QCOMPARE(reached, (QByteArrayList{"eve@far.example", "joe@far.example"}));

        // It holds its connections and answers nothing: every question is answered for in time, and never with yes or no.
        m_peer.suspend();
        auto signedIn = std::async(std::launch::async, [&] { return signIn(u"joe"_s, u"s3cret"_s); });
        session.command("MAIL FROM:<joe@office.example>");
        QCOMPARE(session.command("RCPT TO:<all@two.test>").left(3), "451");
        QCOMPARE(signedIn.get(), "454"); // A11
        QCOMPARE(stateOf(gateway), "failing");
        m_peer.resume();
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(gateway), "working", 60'000);
        QCOMPARE(session.command("RCPT TO:<all@two.test>").left(3), "250");

        // It is killed and started again.
        m_peer.kill();
        QCOMPARE(session.command("RCPT TO:<all@three.test>").left(3), "451");
        QCOMPARE(signIn(u"joe"_s, u"s3cret"_s), "454");
        const Ran away = gateway.ctl({u"table"_s, u"test"_s, u"office"_s});
        STORY_VERIFY(away.exit != 0 && away.err.contains("Can't contact LDAP server"), away.err);
        STORY_VERIFY(m_peer.startAgain(), m_peer.log());
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(gateway), "working", 60'000);
        QCOMPARE(session.command("RCPT TO:<all@three.test>").left(3), "250");
        QCOMPARE(signIn(u"joe"_s, u"s3cret"_s), "235");
        STORY_VERIFY(!gateway.log().contains("s3cret"), "a password is in the log");
    }
};

QTEST_GUILESS_MAIN(StoryDirectory)
#include "tst_story_directory.moc"
