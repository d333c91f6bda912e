// SPDX-License-Identifier: GPL-3.0-or-later
//
// What exactly a child is told to do, and what its answer means. Expected values: reference pages on local delivery.
#include "local/local_plan.h"

#include <QTest>

#include <algorithm>

using namespace postern;
using namespace postern::local;
using policy::Era;
using policy::Method;
using queue::TryResult;

namespace {

const PlanFrame kFrame = {"/usr/libexec/postern/postern-deliver", "/var/mail", {"nobody", 65534, 65534, "/"}, std::chrono::minutes(5), 1700000000};

LocalJob job(Method method, const QByteArray& target = {}) {
    auto message = std::make_shared<queue::Message>();
    message->id = 0x1a2b3c4d;
    message->sender = "sue@send.example";
    message->createdAt = 1717492087;
    queue::Envelope envelope;
    envelope.id = 0x1a2b3c4d00000001;
    envelope.recipient = "team@b.example";
    envelope.destination = "ann+Lists@b.example";
    LocalJob out;
    out.delivery.message = message;
    out.delivery.envelopes = {envelope};
    out.users = {{"ann", 1000, 100, "/home/ann"}};
    out.method = method;
    out.target = target;
    out.serverName = "mx.example";
    return out;
}

QByteArray error(const LocalJob& job) {
    const auto plan = planFor(job, 0, kFrame);
    return plan ? QByteArray("no error") : (plan.error().permanence == Permanence::Permanent ? "P " : "T ") + plan.error().text;
}

QByteArray text(const std::string& text) {
    return QByteArray::fromStdString(text);
}

} // namespace

class TestLocalPlan : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void M02_whatCannotBeFilledIn() {
        QCOMPARE(error(job(Method::Mda, "x %{bogus}")),
                 QByteArray("P 5.3.5 the command could not be filled in: \"%{bogus}\" is no value this language knows"));
        LocalJob old = job(Method::Maildir, "/x/%{bogus}"); // up to 6.3 the mail waits
        old.era = Era::Legacy;
        QVERIFY(error(old).startsWith("T 4.3.5 the path of the maildir could not be filled in: "));
        QVERIFY(error(job(Method::Mda, "x %{rcpt[-999999999:9]}")).startsWith("P 5.3.5 "));
        QVERIFY(error(job(Method::Mda, "x %{rcpt")).startsWith("P 5.3.5 "));
        QVERIFY(error(job(Method::Mda, QByteArray(2000, 'x'))).startsWith("P 5.3.5 "));
    }

    void whatIsNoDelivery() {
        QCOMPARE(error(job(Method::Relay)), QByteArray("T 4.3.5 there is no delivery by relay into a mailbox"));
        QCOMPARE(error(job(Method::Maildir, "Mail")), QByteArray("T 4.3.5 \"Mail\" is not a whole path"));
        LocalJob hostile = job(Method::Mbox);
        hostile.users[0].name = "../etc/passwd";
        QVERIFY(error(hostile).startsWith("T 4.3.5 "));
    }

    void nothingButAnMboxForRoot() { // M08
        LocalJob root = job(Method::Maildir);
        root.users = {{"root", 0, 0, "/root"}};
        QVERIFY(error(root).startsWith("P 5.7.0 not allowed to deliver to: root"));
        root.method = Method::Mda;
        root.target = "x";
        QVERIFY(error(root).startsWith("P 5.7.0 "));
        root.method = Method::Mbox;
        root.wrapper = "x | %{mda}";
        QVERIFY(error(root).startsWith("P 5.7.0 "));
        root.wrapper.clear();
        QCOMPARE(error(root), QByteArray("no error"));
    }

    void mailboxes() {
        const auto mbox = planFor(job(Method::Mbox), 0, kFrame);
        QCOMPARE(mbox->order.task, mda::Task::Mailbox);
        QCOMPARE(mbox->order.path, std::string("/var/mail/ann"));
        QCOMPARE(mbox->order.sender, std::string("sue@send.example"));
        QCOMPARE(mbox->order.uid, 1000);
        QCOMPARE(mbox->order.gid, 100);
        QVERIFY(mbox->order.environment.empty());

        const auto usual = planFor(job(Method::Maildir), 0, kFrame);
        QCOMPARE(usual->order.task, mda::Task::Maildir);
        QCOMPARE(usual->order.path, std::string("/home/ann/Maildir"));
        QCOMPARE(usual->order.name, std::string("1717492087.1a2b3c4d00000001.mx.example"));
        QCOMPARE(usual->order.folder, std::string("Lists"));
        QCOMPARE(usual->where, QByteArray("maildir /home/ann/Maildir"));
        QVERIFY(!usual->order.mayBeThere && !usual->order.junk);

        const auto own = planFor(job(Method::Maildir, "/srv/%{rcpt.domain}/%{dest.user:strip|lowercase}"), 0, kFrame);
        QCOMPARE(own->order.path, std::string("/srv/b.example/ann"));
    }

    void ownTargetsOfAliases() {
        LocalJob file = job(Method::Mbox, "/srv/archive/%{rcpt.user}");
        file.isOwnTarget = true;
        file.users = {{}};
        const auto plan = planFor(file, 0, kFrame);
        QCOMPARE(plan->order.task, mda::Task::File);
        QCOMPARE(plan->order.path, std::string("/srv/archive/team"));
        QCOMPARE(plan->order.user, std::string("nobody"));
        LocalJob command = job(Method::Mda, "/usr/bin/listd");
        command.isOwnTarget = true;
        command.users = {{}};
        QCOMPARE(planFor(command, 0, kFrame)->order.uid, 65534);
    }

    void M12_whatMayHaveBeenDeliveredBefore() {
        LocalJob again = job(Method::Maildir);
        again.delivery.envelopes[0].tries = 1;
        QVERIFY(planFor(again, 0, kFrame)->order.mayBeThere);
        LocalJob before = job(Method::Maildir);
        queue::Message old = *before.delivery.message;
        old.createdAt = kFrame.startedAt - 1;
        before.delivery.message = std::make_shared<queue::Message>(old);
        QVERIFY(planFor(before, 0, kFrame)->order.mayBeThere);
    }

    void M03_theEnvironment() {
        LocalJob command = job(Method::Mda, "x");
        auto plan = planFor(command, 0, kFrame);
        QByteArrayList made;
        for (const std::string& entry : plan->order.environment)
            made.append(text(entry));
        std::sort(made.begin(), made.end());
        const QByteArray path = made.takeAt(made.indexOf(QByteArray("PATH=/usr/bin:/bin")));
        QCOMPARE(path, QByteArray("PATH=/usr/bin:/bin"));
        QCOMPARE(made, (QByteArrayList{"DOMAIN=b.example", "EXTENSION=Lists", "HOME=/home/ann", "LOCAL=team", "LOGNAME=ann",
                                       "ORIGINAL_RECIPIENT=team@b.example", "RECIPIENT=ann+Lists@b.example",
                                       "SENDER=sue@send.example", "SHELL=/bin/sh", "USER=ann"}));

        queue::Message notice = *command.delivery.message;
        notice.sender.clear();
        command.delivery.message = std::make_shared<queue::Message>(notice);
        command.delivery.envelopes[0].destination = "ann@b.example";
        plan = planFor(command, 0, kFrame);
        const auto has = [&](const char* entry) {
            return std::find(plan->order.environment.begin(), plan->order.environment.end(), entry) != plan->order.environment.end();
        };
        QVERIFY(has("SENDER="));
        QVERIFY(!has("EXTENSION="));
    }

    void M01_theCommand() {
        LocalJob command = job(Method::Mda, "/usr/bin/x -f \"%{sender}\" %{user.username}");
        queue::Message hostile = *command.delivery.message;
        hostile.sender = "\"a\\\";touch x;`id`\"@b.example";
        command.delivery.message = std::make_shared<queue::Message>(hostile);
        QCOMPARE(planFor(command, 0, kFrame)->order.command,
                 std::string("/usr/bin/x -f \":a:::touch:x::id::@b.example\" ann"));
    }

    void wrappers() {
        LocalJob wrapped = job(Method::Mda, "/usr/bin/x %{user.username}");
        wrapped.wrapper = "/usr/bin/nice %{mda}";
        QCOMPARE(planFor(wrapped, 0, kFrame)->order.command, std::string("/usr/bin/nice /usr/bin/x ann"));
        wrapped.method = Method::Maildir;
        wrapped.target = "/srv/it's";
        wrapped.junk = true;
        const auto maildir = planFor(wrapped, 0, kFrame);
        QCOMPARE(maildir->order.task, mda::Task::Command);
        QCOMPARE(maildir->order.command,
                 std::string("/usr/bin/nice '/usr/libexec/postern/postern-deliver' maildir -n '1717492087.1a2b3c4d00000001.mx.example' "
                             "-j -f 'Lists' -- '/srv/it'\\''s'"));
        QVERIFY(!maildir->order.environment.empty());
        wrapped.method = Method::Mbox;
        QCOMPARE(planFor(wrapped, 0, kFrame)->order.command,
                 std::string("/usr/bin/nice '/usr/libexec/postern/postern-deliver' mbox -s 'sue@send.example' -- '/var/mail/ann'"));
    }

    void M06_names_data() {
        QTest::addColumn<QByteArray>("host");
        QTest::addColumn<QByteArray>("name");
        QTest::newRow("a path") << QByteArray("../a/b:c") << QByteArray("1.0000000200000003...\\057a\\057b\\072c");
        QTest::newRow("blanks") << QByteArray("a b\n") << QByteArray("1.0000000200000003.a_b_");
        QTest::newRow("none") << QByteArray() << QByteArray("1.0000000200000003.localhost");
        QTest::newRow("long") << QByteArray(300, 'h') << "1.0000000200000003." + QByteArray(64, 'h');
    }
    void M06_names() {
        QFETCH(QByteArray, host);
        queue::Message message;
        message.createdAt = 1;
        queue::Envelope envelope;
        envelope.id = 0x0000000200000003;
        QTEST(maildirName(message, envelope, host), "name");
    }

    void P13_subAddresses_data() {
        QTest::addColumn<QByteArray>("address");
        QTest::addColumn<QByteArray>("tag");
        QTest::addColumn<QByteArray>("folder");
        const auto row = [](const char* address, const char* tag, const char* folder) {
            QTest::addRow("%s", address) << QByteArray(address) << QByteArray(tag) << QByteArray(folder);
        };
        row("ann@b.example", "", "");
        row("ann+@b.example", "", "");
        row("+ann@b.example", "", "");
        row("ann+lists@b.example", "lists", "lists");
        row("ann+a+b@b.example", "a+b", "a+b");
        row("ann+a.b@b.example", "a.b", "a.b");
        row("ann+../../x@b.example", "../../x", "");
        row("ann+a/../b@b.example", "a/../b", "");
        row("\"ann+.\"@b.example", ".\"", "");
        row("\"ann+..\"@b.example", "..\"", "");
        row("ann+a/b@b.example", "a/b", "a:b");
        row("ann+`id`@b.example", "`id`", ":id:");
    }
    void P13_subAddresses() {
        QFETCH(QByteArray, address);
        QFETCH(QByteArray, folder);
        const QByteArray tag = subAddress(address, '+');
        QTEST(tag, "tag");
        QCOMPARE(subFolder(tag), folder);
    }
    void P13_aTagOfAnyLength() {
        QCOMPARE(subFolder(QByteArray(65, 'x')), QByteArray());
        QCOMPARE(subFolder(QByteArray("a+").repeated(200)), QByteArray());
    }

    void M04_whatEndingsMean_data() {
        QTest::addColumn<int>("ending");
        QTest::addColumn<int>("number");
        QTest::addColumn<QByteArray>("said");
        QTest::addColumn<QByteArray>("modern");
        QTest::addColumn<QByteArray>("old");
        const auto row = [](const char* name, mda::Ending ending, int number, const char* said, const char* modern, const char* old) {
            QTest::addRow("%s", name) << int(ending) << number << QByteArray(said) << QByteArray(modern) << QByteArray(old);
        };
        row("75", mda::Ending::Exit, 75, "busy", "T 4.3.0 busy (the command ended with 75, try again later)",
            "T 4.3.0 busy (the command ended with 75, try again later)");
        row("71", mda::Ending::Exit, 71, "", "T 4.3.0 the command ended with 71, operating system fault",
            "T 4.3.0 the command ended with 71, operating system fault");
        row("67", mda::Ending::Exit, 67, "who?", "P 5.3.0 who? (the command ended with 67, no such user)",
            "T 4.3.0 who? (the command ended with 67, no such user)");
        row("1", mda::Ending::Exit, 1, "", "P 5.3.0 the command ended with 1", "T 4.3.0 the command ended with 1");
        row("a signal", mda::Ending::Signal, 9, "", "T 4.3.0 the command was ended by signal 9", "T 4.3.0 the command was ended by signal 9");
        row("not read", mda::Ending::Unread, 0, "", "T 4.3.0 the command ended before it had read the message",
            "T 4.3.0 the command ended before it had read the message");
        row("ours", mda::Ending::Later, 0, "4.2.2 /x: full", "T 4.2.2 /x: full", "T 4.2.2 /x: full");
        row("0", mda::Ending::Exit, 0, "all well", "D delivered to command x", "D delivered to command x");
        row("delivered", mda::Ending::Delivered, 0, "/x", "D delivered to command x", "D delivered to command x");
    }
    void M04_whatEndingsMean() {
        QFETCH(int, ending);
        QFETCH(int, number);
        QFETCH(QByteArray, said);
        QFETCH(QByteArray, modern);
        QFETCH(QByteArray, old);
        for (const auto& [era, expected] : {std::pair{Era::Modern, modern}, {Era::Legacy, old}, {Era::Map2012, old}}) {
            const auto outcome = outcomeOf({mda::Ending(char(ending)), number, said.toStdString()}, 7, "command x", era);
            const char* what = outcome.result == TryResult::Delivered ? "D " : outcome.result == TryResult::Permanent ? "P " : "T ";
            QCOMPARE(what + outcome.text, expected);
            QCOMPARE(outcome.id, queue::EnvelopeId(7));
        }
    }

    void lmtpDestinations_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("place");
        QTest::newRow("a socket") << QByteArray("/run/dovecot/lmtp") << QByteArray("/run/dovecot/lmtp ");
        QTest::newRow("host and port") << QByteArray("localhost:24") << QByteArray(" lmtp://localhost:24");
        QTest::newRow("host alone") << QByteArray("mail.example") << QByteArray(" lmtp://mail.example:25");
        QTest::newRow("IPv6") << QByteArray("[::1]:24") << QByteArray(" lmtp://[::1]:24");
        QTest::newRow("IPv6, as in an address") << QByteArray("[IPv6:::1]:24") << QByteArray(" lmtp://[::1]:24");
        QTest::newRow("nothing") << QByteArray() << QByteArray("error");
        QTest::newRow("no port behind the colon") << QByteArray("host:x") << QByteArray("error");
        QTest::newRow("a login") << QByteArray("me@host:24") << QByteArray("error");
    }
    void lmtpDestinations() {
        QFETCH(QByteArray, text);
        const auto place = lmtpPlace(text);
        QTEST(place ? place->socket + ' ' + place->url : QByteArray("error"), "place");
    }
};

QTEST_GUILESS_MAIN(TestLocalPlan)
#include "tst_local_plan.moc"
