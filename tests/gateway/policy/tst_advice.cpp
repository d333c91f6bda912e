// SPDX-License-Identifier: GPL-3.0-or-later
//
// Advice: each piece comes where it belongs, at the thing it is about, and stays away where there is nothing to say.
#include "policy/compile.h"

#include "support/memory_file_store.h"
#include "support/places.h"

#include <QFile>
#include <QTest>

#include <algorithm>

using namespace postern;
using namespace postern::policy;

namespace {

test::MemoryFileStore& disk() {
    static test::MemoryFileStore files;
    static const bool isFilled = [] {
        files.put("/p/users", "ann $6$salt$hash\n");
        files.put("/p/secrets", "office carol:s3cret\n");
        files.put("/etc/mail/secrets", "office carol:s3cret\n"); // of a sample in the README
        files.put("/p/mail.conf", "dbpath mail.db\nquery_domain SELECT name FROM domains WHERE name = ?\n"
                                  "query_alias SELECT login FROM addresses WHERE address = ?\n"
                                  "query_userinfo SELECT uid, gid, home FROM users WHERE login = ?\n"); // of another
        files.put("/p/empty", "");
        files.put("/p/domains", "one.test\n*@two.test\n");
        files.put("/p/hosts", "# @list\nsmtps://mx1.test\nsmtps://mx2.test\n");
        files.put("/p/c.pem", "x");
        files.put("/p/k.pem", "x");
        return true;
    }();
    Q_UNUSED(isFilled)
    return files;
}

// "note 1:7 text" a line, errors too, without what this version says of its own gaps.
QByteArray said(const QByteArray& text, const CompileOptions& options = {}) {
    QByteArrayList lines;
    for (const config::Diagnostic& one : compileText(disk(), "/p/smtpd.conf", text, options).diagnostics) {
        if (!one.text.contains(" yet") && !one.text.contains("no listener is written"))
            lines.append(one.print().sliced(QByteArrayView("/p/smtpd.conf:").size()));
    }
    return lines.join('\n');
}

const QByteArray kOut = "action \"out\" relay\nmatch from local for any action \"out\"\n"; // two lines that are fine
const QByteArray kPki = "pki mx.test cert \"/p/c.pem\"\npki mx.test key \"/p/k.pem\"\n";

} // namespace

class TestAdvice : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void says_data();
    void says();
    void isSaidOnce_data();
    void isSaidOnce();
    void staysAwayFromWhatWasNotUnderstood();
    void staysAwayWhereOtherFilesAreNotLookedAt();
    void theUnwrittenListener_data();
    void theUnwrittenListener();
    void passwordsInTheConfigurationItself();
    void samplesOfTheManualAreQuiet_data();
    void samplesOfTheManualAreQuiet();
};

void TestAdvice::says_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("expected"); // start of the only line and, behind |, a piece of it; "" = nothing
    const auto row = [](const char* title, const QByteArray& text, const QByteArray& expected) {
        QTest::newRow(title) << text << expected;
    };
    row("nothing to say", kOut, "");
    // what is implied
    row("no from where domains are named", "action \"out\" relay\nmatch for domain \"a.test\" action \"out\"\n",
        "2:1: note:|no from: it means from local (mail from this computer; a client that signed in is not local since 6.4)");
    row("no from where a login is asked", "action \"out\" relay\nmatch auth for any action \"out\"\n", "2:1: note:|no from");
    row("no from before 6.4", "accept for domain \"a.test\" relay\n", "1:1: note:|and clients that signed in");
    row("no from where none is usual", "action \"in\" catch\naction \"out\" relay\nmatch for local action \"in\"\nmatch for any action \"out\"\n", "");
    row("a client's name is looked up", "match from rdns for any reject\nmatch from rdns regex \"^pc\" for any reject\n", "");
    row("no from where none was usual", "accept for any relay\n", "");
    row("no for", "action \"out\" relay\nmatch from any action \"out\"\n", "2:1: note:|no for: it means for local (names of this computer only)");
    row("neither", "match reject\n", "1:1: note:|neither from nor for");
    // order
    row("behind a catch-all", "match from any for any reject\nmatch from local for any reject\n",
        "2:1: warning:|never reached: line 1 already takes everything; move this rule above it or take it out");
    row("shadowed by one rule", "match from any for domain \"a.test\" reject\nmatch auth from any for domain \"a.test\" reject\n",
        "2:1: warning:|never reached: line 1 already takes all that this rule asks for");
    row("the particular before the general", "match auth from any for domain \"a.test\" reject\nmatch from any for domain \"a.test\" reject\n", "");
    row("not any", "match ! from any for any reject\n" + kOut, "1:1: warning:|never matches");
    // open relay
    row("C07 open relay", "action \"out\" relay\nmatch from any for any action \"out\"\n", "2:1: warning:|open relay");
    row("C07 a tag that strangers get", "listen on 192.0.2.1 tag IN\naction \"out\" relay\nmatch tag IN from any for any action \"out\"\n",
        "3:1: warning:|open relay");
    row("a tag of loopback", "listen on 127.0.0.1 tag IN\naction \"out\" relay\nmatch tag IN from any for any action \"out\"\n", "");
    row("a tag of those who signed in", kPki + "table u file:users\nlisten on 192.0.2.1 tls pki mx.test auth <u> tag IN\n"
        "action \"out\" relay\nmatch tag IN from any for any action \"out\"\n", "");
    row("strangers are turned away above", "action \"out\" relay\nmatch ! from src \"192.0.2.0/24\" for any reject\n"
        "match from any for any action \"out\"\n", "");
    row("only some of them are", "action \"out\" relay\nmatch from src \"192.0.2.0/24\" for any reject\n"
        "match from any for any action \"out\"\n", "3:1: warning:|open relay");
    // who signs in
    row("signing in leads nowhere", kPki + "table u file:users\nlisten on 192.0.2.1 tls pki mx.test auth <u>\n" + kOut,
        "4:37: warning:|since 6.4 they are not \"local\"; add match from auth for any action NAME");
    row("signing in is asked for", kPki + "table u file:users\nlisten on 192.0.2.1 tls pki mx.test auth <u>\n" + kOut +
        "match from auth for any action \"out\"\n", "");
    row("signing in is asked for by a rule whose action comes too late", kPki + "table u file:users\nlisten on 192.0.2.1 tls pki mx.test auth <u>\n" + kOut +
        "match from auth for any action \"b\"\naction \"b\" relay\n", "7:32: error:|no such action");
    row("signing in counted as local", "pki mx.test certificate \"/p/c.pem\"\npki mx.test key \"/p/k.pem\"\ntable u file:users\n"
        "listen on 192.0.2.1 tls pki mx.test auth <u>\naccept from local for any relay\n", "");
    // names
    row("table unused", "table t { \"a.test\" }\n" + kOut, "1:7: note:|table t is never used");
    row("table used", "table t { \"a.test\" }\nmatch from any for domain <t> reject\n", "");
    row("action unused", "action \"b\" relay\n" + kOut, "1:8: note:|action b is never used");
    row("macro unused", "lan = \"192.0.2.0/24\"\n" + kOut, "1:1: note:|macro lan is never used");
    row("macro used", "name = \"a.test\"\nmatch from any for domain $name reject\n", "");
    row("pki unused", kPki + kOut, "1:5: note:|pki mx.test is never used");
    row("pki that a listener finds by its name", "hostname \"mx.test\"\npki mx.test certificate \"/p/c.pem\"\n"
        "pki mx.test key \"/p/k.pem\"\nlisten on lo tls\naccept from local for any relay\n", "");
    row("ca unused", "ca own cert \"/p/c.pem\"\n" + kOut, "1:4: note:|ca own is never used");
    row("proc unused", "proc p \"/bin/p\"\n" + kOut, "1:6: note:|proc p is never used");
    row("a table without its brackets", "table ours { \"a.test\" }\nmatch from any for domain ours reject\nmatch from any for domain <ours> reject\n",
        "2:27: warning:|write <ours> for the table");
    row("a table without its brackets where an address stands", "table lan { \"192.0.2.0/24\" }\nmatch from src lan for any reject\nmatch from src <lan> for any reject\n",
        "2:16: warning:|write <lan> for the table");
    row("a value that is also the name of a table", "table a.test { \"b.test\" }\nmatch from any for domain \"a.test\" reject\nmatch from any for domain <a.test> reject\n", "");
    row("a table named like a word of the language", "table \"local\" { \"a.test\" }\nmatch from any for domain <\"local\"> reject\n",
        "1:7: note:|must be written <\"local\">");
    // tags
    row("a tag that nobody has", "listen on lo tag IN\nmatch tag OUT from any for any reject\n", "2:7: warning:|no listener has the tag \"OUT\"");
    row("a tag misspelt", "listen on lo tag DKIM_OUT\nmatch tag DKIM_OTU from any for any reject\n", "2:7: warning:|did you mean \"DKIM_OUT\"?");
    row("capitals in a tag", "listen on lo tag IN\nmatch tag in from any for any reject\n", "");
    row("capitals in a tag before 6.4", "listen on lo tag IN\nreject tagged in from any for any\n",
        "2:8: warning:|compared to the letter, capitals too; did you mean \"IN\"?");
    row("no tag", "listen on lo tag IN\nmatch ! tag OUT from any for any reject\n", "");
    // entries
    row("a wildcard without its base", "match from any for domain \"*.a.test\" reject\n",
        "1:27: note:|covers a.a.test, but neither a.test itself nor a.b.a.test");
    row("a wildcard with its base", "match from any for domain { \"a.test\", \"*.a.test\" } reject\n", "");
    row("a wildcard with its base in a table", "table t { \"*.a.test\", \"A.test\" }\nmatch from any for domain <t> reject\n", "");
    row("a wildcard of a top level", "match from any for domain \"*.test\" reject\n", "");
    row("any domain", "match from any for domain \"*\" reject\n", "");
    row("a star with a letter behind", "match from any for domain \"*a.test\" reject\n", "1:27: warning:|the star ends at the first \"a\"");
    row("an address where a domain stands", "match from any for domain { \"b.test\", \"x@a.test\" } reject\n", "1:39: warning:|write only that");
    row("a domain with a dot at its end", "match from any for domain \"a.test.\" reject\n", "1:27: warning:|end without a dot");
    row("a star before the at", "match from any mail-from \"*@a.test\" for any reject\n", "1:26: warning:|write \"@a.test\"");
    row("part of a user", "match from any mail-from \"bob*@a.test\" for any reject\n", "1:26: warning:|use regex");
    row("a wildcard without at", "match from any for rcpt-to \"*.a.test\" reject\n", "1:28: warning:|write \"@*.a.test\"");
    row("everybody of a domain", "match from any mail-from \"@a.test\" for any reject\n", "");
    row("a name where an address stands", "match from src { \"192.0.2.1\", \"mx.test\" } for any reject\n", "1:31: warning:|names are not looked up");
    row("a star in an address", "match from src \"192.0.2.*\" for any reject\n", "1:16: warning:|neither an address nor a network");
    row("addresses, networks and local", "match from src { \"192.0.2.1\", \"10/8\", \"[2001:db8::1]\", \"local\" } for any reject\n", "");
    row("the same in a table, at its entry", "table t { \"192.0.2.1\", \"mx.test\" }\nmatch from src <t> for any reject\n", "1:24: warning:|names are not looked up");
    row("the same in a file", "table t file:domains\nmatch from any for domain <t> reject\n", "1:9: warning:|table t: \"*@two.test\" never matches");
    row("a table that is asked for nothing of the kind", "table t file:domains\nmatch from any for domain \"x.test\" tag <t> reject\n", "");
    row("a table file that is not there", "table t file:none\nmatch from any for domain <t> reject\n", "1:9: error:|/p/none");
    row("an empty table", "table t file:empty\nmatch from any for domain <t> reject\n", "1:9: note:|table t is empty");
    row("a star among the domains of relays", "action \"out\" relay domain { \"a.test\" = \"smtps://a\", \"*\" = \"smtps://b\" }\n"
        "match from local for any action \"out\"\n", "1:53: warning:|a star is just a star");
    // formats
    const auto box = [](const char* path) { return QByteArray("action \"box\" maildir \"") + path + "\"\nmatch from local for local action \"box\"\n"; };
    row("a letter of 2012", box("/m/%u"), "1:22: warning:|write %{dest.user}");
    row("a letter of 2012 in 2012", "accept from local for local deliver to maildir \"/m/%u\"\naccept from local for all relay\n", "");
    row("a letter of 2012 in accept/reject", "table t { a }\naccept from local for domain <t> deliver to mda \"/bin/x %a\"\n", "2:49: warning:|write %{user.username}");
    row("a percent sign", box("/m/100%%u"), "");
    row("names that are known", box("/m/%{dest.domain:lowercase}/%{DEST.user[0]}/%{user.username:strip|raw}"), "");
    row("a name that nobody knows", box("/m/%{dest.usr}"), "1:22: warning:|did you mean \"dest.user\"?");
    row("a change that nobody knows", box("/m/%{dest.user:lower}"), "1:22: warning:|nobody knows the change \"lower\"");
    row("M01 raw in a command", "action \"box\" mda \"/bin/x %{sender:lowercase|raw}\"\nmatch from local for local action \"box\"\n",
        "1:18: warning:|hands what a stranger wrote to a shell");
    row("M01 raw, of what is ours", "action \"box\" mda \"/bin/x %{user.username:raw}\"\nmatch from local for local action \"box\"\n", "");
    row("a part and a change", box("/m/%{dest.user[0]:lowercase}"), "1:22: warning:|can't stand together");
    row("an open brace", box("/m/%{dest.user"), "1:22: warning:|nothing of this text is filled in");
    // relays
    row("smtp:// in 2012", "map \"m\" source plain \"/p/users\"\naccept from local for local alias \"m\" deliver to mbox\n"
        "accept from local for any relay via \"smtp://mx.test\"\n", "3:37: note:|from 5.3 to 6.3 it never used TLS");
    row("smtp:// from 5.3 to 6.3", "accept from local for any relay via smtp://mx.test\n", "1:37: note:|smtp:// never uses TLS from 5.3 to 6.3");
    row("smtp+tls:// from 5.3 to 6.3", "accept from local for any relay via smtp+tls://mx.test\n", "1:37: note:|goes on in clear");
    row("tls:// from 5.3 to 6.3", "accept from local for any relay via tls://mx.test\n", "");
    row("smtp:// since 6.4", "action \"out\" relay host smtp://mx.test\nmatch from local for any action \"out\"\n", "1:25: note:|smtp+notls:// never uses it");
    row("smtp+tls:// since 6.4", "action \"out\" relay host smtp+tls://mx.test\nmatch from local for any action \"out\"\n", "");
    row("smtp:// to this computer", "action \"out\" relay host smtp://127.0.0.1:10025\nmatch from local for any action \"out\"\n", "");
    row("a path behind the port", "action \"out\" relay host smtps://mx.test:465/x\nmatch from local for any action \"out\"\n", "1:25: note:|is ignored");
    row("relays one behind the other take no turns", "table h file:hosts\naction \"out\" relay host <h> order failover\n"
        "match from local for any action \"out\"\n", "");
    row("relays in turn", "table h file:hosts\naction \"out\" relay host <h>\nmatch from local for any action \"out\"\n", "2:25: note:|these 2 relays take turns");
    row("a list of one relay", "table h { \"smtps://mx1.test\" }\naction \"out\" relay host <h>\nmatch from local for any action \"out\"\n", "");
    row("a URL that does not read", "action \"out\" relay host bogus://mx.test\nmatch from local for any action \"out\"\n",
        "1:25: error:|OpenSMTPD notices only when it delivers");
    // settings
    row("four delays", "bounce warn-interval 1h, 2h, 3h, 4h\n" + kOut, "");
    row("five delays", "bounce warn-interval 1h, 2h, 3h, 4h, 5h\n" + kOut, "1:38: warning:|only the first four delays count");
    // what is refused anyway
    row("auth without TLS", "table u file:users\nlisten on lo auth <u>\n" + kOut, "2:1: error:|auth requires tls/smtps");
    row("a condition that was never made", "match from any tls for any reject\n", "1:16: warning:|is tested by no release");
}

void TestAdvice::says() {
    QFETCH(const QByteArray, text);
    QFETCH(const QByteArray, expected);
    const QByteArray found = said(text);
    const qsizetype bar = expected.indexOf('|');
    QVERIFY2(expected.isEmpty() ? found.isEmpty()
                                : !found.contains('\n') && found.startsWith(expected.first(bar)) && found.contains(expected.sliced(bar + 1)),
             found.constData());
}

void TestAdvice::isSaidOnce_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("what is implied") << QByteArray("match for any reject\nmatch for domain \"a.test\" mail-from \"x\" auth reject\nmatch auth reject\n");
    QTest::newRow("what a wildcard covers") << QByteArray("match from any for domain { \"*.a.test\", \"*.b.test\" } reject\nmatch from any for domain \"*.c.test\" reject\n");
    QTest::newRow("what a schema meant") << QByteArray("accept from local for domain \"a.test\" relay via smtp://mx.test\naccept from local for any relay via smtp://mx2.test\n");
}

void TestAdvice::isSaidOnce() {
    QFETCH(const QByteArray, text);
    QCOMPARE(said(text).count("note:"), 1);
}

void TestAdvice::staysAwayFromWhatWasNotUnderstood() {
    const QByteArray found = said("table t { \"a.test\" }\nlisten on lo tga IN\nmatch tag IN from any for any reject\nmatch for domian <t> reject\n");
    QVERIFY2(!found.contains("never used") && !found.contains("no listener has"), found.constData());
}

void TestAdvice::staysAwayWhereOtherFilesAreNotLookedAt() {
    CompileOptions options;
    options.syntaxOnly = true;
    const QByteArray found = said("include \"/p/more\"\ntable t { \"a.test\" }\nmatch tag IN from any for any reject\n", options);
    QVERIFY2(!found.contains("never used") && !found.contains("no listener has"), found.constData());
}

void TestAdvice::theUnwrittenListener_data() {
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<bool>("isSaid");
    QTest::addRow("no listener") << QByteArray("bounce warn-interval 4h\n") << true;
    QTest::addRow("something else misspelt") << QByteArray("tabel t { a }\n") << true;
    QTest::addRow("a listener") << QByteArray("listen on lo\n") << false;
    QTest::addRow("listen misspelt") << QByteArray("listn on lo\n") << false;
    QTest::addRow("a word behind listen misspelt") << QByteArray("listen onn lo\n") << false;
}

void TestAdvice::theUnwrittenListener() {
    QFETCH(QByteArray, line);
    QFETCH(bool, isSaid);
    test::MemoryFileStore files;
    const auto found = compileText(files, "/p/smtpd.conf", line + "match for any reject\n", {}).diagnostics;
    QCOMPARE(std::any_of(found.begin(), found.end(),
                         [](const config::Diagnostic& one) { return one.text.contains("no listener is written"); }),
             isSaid);
}

void TestAdvice::passwordsInTheConfigurationItself() {
    test::MemoryFileStore files;
    files.put("/p/smtpd.conf", "");
    const QByteArray text = "table s { office = \"carol:s3cret\" }\naction \"out\" relay host smtps://office@mx.test auth <s>\n"
                            "match from local for any action \"out\"\n";
    QCOMPARE(compileText(files, "/p/smtpd.conf", text, {}).diagnostics.size(), size_t(1)); // no listener is written
    files.letOthersRead("/p/smtpd.conf");
    const auto found = compileText(files, "/p/smtpd.conf", text, {}).diagnostics;
    QCOMPARE(found.size(), size_t(2));
    QVERIFY2(found[0].print().contains("the passwords in /p/smtpd.conf can be read by every user"), found[0].print().constData());
}

void TestAdvice::samplesOfTheManualAreQuiet_data() {
    QTest::addColumn<QByteArray>("text");
    QFile readme(QStringLiteral(POSTERN_SOURCE_DIR "/README.md"));
    QVERIFY(readme.open(QIODevice::ReadOnly));
    QByteArray block; // lines indented by four blanks
    int number = 0;
    for (const QByteArray& line : readme.readAll().split('\n')) {
        if (line.startsWith("    ")) {
            block += line.sliced(4) + "\n";
        } else if (!line.trimmed().isEmpty()) {
            if (block.contains("listen on") && block.contains("match "))
                QTest::addRow("sample %d", ++number) << block;
            block.clear();
        } else {
            block += "\n";
        }
    }
    QVERIFY(number >= 1);
}

void TestAdvice::samplesOfTheManualAreQuiet() {
    QFETCH(const QByteArray, text);
    QCOMPARE(said(text.contains("\naction ") ? text : "action \"provider\" relay\n" + text), ""); // one adds to another
}

QTEST_APPLESS_MAIN(TestAdvice)
#include "tst_advice.moc"
