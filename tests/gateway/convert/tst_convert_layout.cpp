// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a person wrote around the statements stays: comments above and behind, blank lines, order, the ends of lines.
#include "gateway/convert/conversion.h"

#include <QTest>

using namespace postern;
using config::Target;

class TestConvertLayout : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void stays_data();
    void stays();
    void nothingChangesForPostern();
    void errorsAreRefusedWithTheirPlace();
    void anIncludedFileThatIsLeftBehindIsALoss();
    void includedFilesAreConvertedBesideTheOutput();
    void theOutputIsNeverAnIncludedFile_data();
    void theOutputIsNeverAnIncludedFile();
    void aFileOfSomebodyElseBesideTheOutputStays_data();
    void aFileOfSomebodyElseBesideTheOutputStays();
    void forPosternElsewhereTheIncludesAreNamed();
    void actionsHaveOneNameInAllFiles();
    void includesThatCannotBeConverted_data();
    void includesThatCannotBeConverted();
    void aFileIncludedTwiceDefinesNoActions();
    void aRuleThatCannotBeSaidRefusesItsMailAndSaysWhere();
    void manyRulesShareTheirActions();
};

void TestConvertLayout::stays_data() {
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<Target>("target");
    QTest::addColumn<QByteArray>("after");
    QTest::addRow("comments above and behind, blank lines")
        << QByteArray("# The office\n\n# loopback only\nlisten on lo # no TLS\n\n\nexpire 2d # two days\n") << Target::OpenSmtpd68
        << QByteArray("# The office\n\n# loopback only\nlisten on lo # no TLS\n\n\nqueue ttl 2d # two days\n");
    QTest::addRow("a rule's comments go with its match, its action stands before them")
        << QByteArray("listen on lo\n\n# Everything\n# goes out\naccept for any relay # by MX\n\n# the end\n") << Target::OpenSmtpd68
        << QByteArray("listen on lo\n\naction \"outbound\" relay\n\n# Everything\n# goes out\n"
                      "match from local for any action \"outbound\" # by MX\n\n# the end\n");
    QTest::addRow("rules that stand together have their actions before them, tables between rules stay there")
        << QByteArray("listen on lo\naccept for local deliver to mbox\ntable a { b }\naccept for domain <a> relay\n") << Target::OpenSmtpd68
        << QByteArray("listen on lo\naction \"local_mail\" mbox\nmatch from local for local action \"local_mail\"\ntable a { b }\n"
                      "action \"outbound\" relay\nmatch from local for domain <a> action \"outbound\"\n");
    QTest::addRow("indentation and blanks inside stay")
        << QByteArray("  listen  on lo  port 25   mask-source  \n\tmax-message-size\t35M\n") << Target::OpenSmtpd68
        << QByteArray("  listen  on lo  port 25   mask-src  \n\tsmtp max-message-size\t35M\n");
    QTest::addRow("lines joined by a backslash stay where nothing changes")
        << QByteArray("listen on lo \\\n  port 25 \\\n  mask-source\n") << Target::OpenSmtpd68
        << QByteArray("listen on lo \\\n  port 25 \\\n  mask-src\n");
    QTest::addRow("lines that end in CR LF end in LF, because their reader refuses the CR")
        << QByteArray("listen on lo\r\naccept from any for any relay\r\n# end\r\n") << Target::OpenSmtpd68
        << QByteArray("listen on lo\naction \"outbound\" relay\nmatch from any for any action \"outbound\"\n# end\n");
    QTest::addRow("CR LF goes where nothing else changes, between joined lines, too")
        << QByteArray("# a\r\n\r\nlisten on lo \\\r\n  port 25\r\n") << Target::OpenSmtpd68 << QByteArray("# a\n\nlisten on lo \\\n  port 25\n");
    QTest::addRow("an option that goes takes the backslash before it along")
        << QByteArray("filter f proc-exec \"x\"\nlisten on lo \\\n  port 25 \\\n  filter f\nlisten on lo \\\n  filter f \\\n  tag T\n")
        << Target::OpenSmtpd59
        << QByteArray("# not in OpenSMTPD 5.9: filter f proc-exec \"x\"\nlisten on lo \\\n  port 25\nlisten on lo \\\n  tag T\n");
    QTest::addRow("a last line without an end stays one since 6.4")
        << QByteArray("listen on lo\nexpire 2d") << Target::OpenSmtpd68 << QByteArray("listen on lo\nqueue ttl 2d");
    QTest::addRow("before, it has to end")
        << QByteArray("smtp max-message-size 3M\nqueue ttl 2d") << Target::OpenSmtpd59 << QByteArray("max-message-size 3M\nexpire 2d\n");
    QTest::addRow("a byte order mark goes, because its reader refuses it")
        << QByteArray("\xef\xbb\xbf# c\nexpire 2d\n") << Target::OpenSmtpd68 << QByteArray("# c\nqueue ttl 2d\n");
    QTest::addRow("a byte order mark goes where nothing else changes")
        << QByteArray("\xef\xbb\xbfqueue ttl 2d\n") << Target::OpenSmtpd78 << QByteArray("queue ttl 2d\n");
    QTest::addRow("a byte order mark goes from a file of comments") << QByteArray("\xef\xbb\xbf# c\n") << Target::OpenSmtpd68 << QByteArray("# c\n");
    QTest::addRow("a backslash at the end of the file stays one since 6.4")
        << QByteArray("listen on lo\nexpire 2d\\") << Target::OpenSmtpd68 << QByteArray("listen on lo\nqueue ttl 2d\\");
    QTest::addRow("before, it would join nothing to the last line's end")
        << QByteArray("smtp max-message-size 3M\nqueue ttl 2d \\") << Target::OpenSmtpd59 << QByteArray("max-message-size 3M\nexpire 2d \n");
    QTest::addRow("what can't be said stays as a comment, line by line")
        << QByteArray("# why\ncurve \\\n  \"p256\" # that\n") << Target::OpenSmtpd68
        << QByteArray("# why\n# not in OpenSMTPD 6.8: curve\n#   \"p256\" # that\n");
    QTest::addRow("back: an action's comments stand above the first rule that uses it")
        << QByteArray("# by MX\naction \"out\" relay # as ever\n\n# all\nmatch from any for any action \"out\"\n") << Target::OpenSmtpd59
        << QByteArray("\n# by MX\n# as ever\n# all\naccept from any for any relay\n");
    QTest::addRow("back: actions between blank lines leave one of them")
        << QByteArray("listen on lo\n\naction \"out\" relay\naction \"in\" mbox\n\n# all\nmatch from any for local action \"in\"\n"
                      "match from any for any action \"out\"\n")
        << Target::OpenSmtpd59
        << QByteArray("listen on lo\n\n# all\naccept from any for local deliver to mbox\naccept from any for any relay\n");
    QTest::addRow("back: the second match of a pair leaves its comments")
        << QByteArray("listen on lo tls pki g auth\npki g cert \"/c\" key \"/k\"\nmatch from local for any reject\n# signed in\n"
                      "match from any auth for any reject # too\n")
        << Target::OpenSmtpd59
        << QByteArray("pki g certificate \"/c\" key \"/k\"\nlisten on lo tls pki g auth\nreject from local for any\n# signed in\n# too\n");
    QTest::addRow("a certificate behind its listener moves up with its comment")
        << QByteArray("listen on lo tls pki g\n\n# ours\npki g certificate \"/c\" key \"/k\"\n") << Target::OpenSmtpd68
        << QByteArray("# ours\npki g cert \"/c\" key \"/k\"\n\nlisten on lo tls pki g\n");
    QTest::addRow("an empty file") << QByteArray() << Target::OpenSmtpd68 << QByteArray();
    QTest::addRow("nothing but comments") << QByteArray("# a\n\n# b") << Target::OpenSmtpd78 << QByteArray("# a\n\n# b");
    QTest::addRow("what is right for the target stays byte for byte")
        << QByteArray("x = \"lo\"\nlisten   on $x\taction\n").replace("\taction", "  # a")
        << Target::OpenSmtpd68 << QByteArray("x = \"lo\"\nlisten   on $x  # a\n");
}

void TestConvertLayout::stays() {
    QFETCH(QByteArray, before);
    QFETCH(Target, target);
    const test::Conversion made = test::converted(before, target);
    QTEST(made.text, "after");
    QCOMPARE(test::converted(made.text, target, dialectOf(target)).text, made.text);
    QCOMPARE(made.report.join('\n').contains("OpenSMTPD reads LF only"), before.contains("\r\n"));
}

void TestConvertLayout::nothingChangesForPostern() {
    const QByteArray text = "map a source db \"/a\"\naccept for all relay via map a # x";
    const test::Conversion made = test::converted(text, Target::Postern);
    QCOMPARE(made.text, text);
    QVERIFY(made.report.isEmpty());
}

void TestConvertLayout::errorsAreRefusedWithTheirPlace() {
    test::MemoryFileStore files;
    const auto made = convert::convertText(files, "/p/smtpd.conf", "listen on lo\naccept fro any for any relay\n", Target::OpenSmtpd68);
    QVERIFY(made.isRefused);
    QVERIFY(made.text.isEmpty());
    QVERIFY(!made.diagnostics.empty());
    QCOMPARE(made.diagnostics.front().line, 2);
    QCOMPARE(made.diagnostics.front().suggestion, QByteArray("from"));
}

namespace {

convert::Converted ofFiles(test::MemoryFileStore& files, const convert::Options& options) {
    return convert::convert(files, "/p/smtpd.conf", Target::OpenSmtpd68, options).value();
}

QByteArray reportOf(const convert::Converted& made) {
    QByteArrayList lines;
    for (const convert::Remark& remark : made.report)
        lines.append(remark.print());
    return lines.join('\n');
}

} // namespace

// Without a place to write to only the main file comes out, and that is a loss: the two would not fit.
void TestConvertLayout::anIncludedFileThatIsLeftBehindIsALoss() {
    test::MemoryFileStore files;
    files.put("/p/listeners.conf", "pki g certificate \"/c\" key \"/k\"\nlisten on lo tls pki g auth\n");
    const test::Conversion made = test::converted(files, "include \"listeners.conf\"\naccept for any relay\n", Target::OpenSmtpd68);
    QCOMPARE(made.text, QByteArray("include \"listeners.conf\"\naction \"outbound\" relay\n"
                                   "match from local for any action \"outbound\"\nmatch from any auth for any action \"outbound\"\n"));
    QVERIFY2(made.report.value(0).startsWith("1: lost: /p/listeners.conf has to change, too"), made.report.join('\n').constData());
    QCOMPARE(files.read("/p/listeners.conf", 0, -1).value(), QByteArray("pki g certificate \"/c\" key \"/k\"\nlisten on lo tls pki g auth\n"));
}

void TestConvertLayout::includedFilesAreConvertedBesideTheOutput() {
    test::MemoryFileStore files;
    files.put("/p/smtpd.conf", "include \"conf.d/office.conf\" # ours\ninclude \"plain.conf\"\naccept from any for domain \"a.test\" relay\n");
    files.put("/p/conf.d/office.conf", "include \"/p/conf.d/listen.conf\"\naccept from any for domain \"b.test\" relay\n");
    files.put("/p/conf.d/listen.conf", "listen on lo secure pki g\n");
    files.put("/p/plain.conf", "# nothing to change\nlisten on lo port 2525\n");
    convert::Options options;
    options.out = "/new/smtpd.conf";
    const convert::Converted made = ofFiles(files, options);
    QCOMPARE(made.text, QByteArray("include \"/new/smtpd.conf.office.conf\" # ours\ninclude \"plain.conf\"\n"
                                   "action \"outbound\" relay\nmatch from any for domain \"a.test\" action \"outbound\"\n"));
    QCOMPARE(made.included.size(), size_t(2));
    QCOMPARE(made.included[0].from, "/p/conf.d/office.conf");
    QCOMPARE(made.included[0].to, "/new/smtpd.conf.office.conf");
    QVERIFY2(made.included[0].text.startsWith("include \"/new/smtpd.conf.listen.conf\"\naction \""), made.included[0].text.constData());
    QCOMPARE(made.included[1].from, "/p/conf.d/listen.conf");
    QVERIFY2(made.included[1].text.contains("listen on lo tls pki g\nlisten on lo smtps pki g"), made.included[1].text.constData());
    const QByteArray said = reportOf(made);
    QVERIFY2(said.contains("/p/smtpd.conf:1:1: changed: /p/conf.d/office.conf is converted, too, and is /new/smtpd.conf.office.conf now"), said.constData());
    QVERIFY2(said.contains("/p/smtpd.conf:2:1: changed: this file needs no change: put /p/plain.conf beside /new/smtpd.conf"), said.constData());
}

void TestConvertLayout::theOutputIsNeverAnIncludedFile_data() {
    QTest::addColumn<Target>("target");
    QTest::addColumn<QByteArray>("out");
    QTest::addRow("for another reader") << Target::OpenSmtpd68 << QByteArray("/p/rules.conf");
    QTest::addRow("for Postern") << Target::Postern << QByteArray("/p/rules.conf");
    QTest::addRow("in other words") << Target::OpenSmtpd68 << QByteArray("/p/conf.d/../rules.conf");
}

void TestConvertLayout::theOutputIsNeverAnIncludedFile() {
    QFETCH(Target, target);
    QFETCH(QByteArray, out);
    test::MemoryFileStore files;
    files.put("/p/smtpd.conf", "listen on lo\ninclude \"rules.conf\"\n");
    files.put("/p/rules.conf", "accept for any relay\n");
    convert::Options options;
    options.out = out;
    const convert::Converted made = convert::convert(files, "/p/smtpd.conf", target, options).value();
    QVERIFY(made.isRefused);
    QCOMPARE(made.diagnostics.size(), size_t(1));
    const QByteArray said = made.diagnostics.front().print();
    QVERIFY2(said.startsWith("/p/smtpd.conf:2:1: error: the output would be written over this file"), said.constData());
}

void TestConvertLayout::aFileOfSomebodyElseBesideTheOutputStays_data() {
    QTest::addColumn<QByteArray>("out");
    QTest::addColumn<bool>("outIsThere");
    QTest::addColumn<QByteArray>("name");
    QTest::addRow("a new output: not ours") << QByteArray("/p/new.conf") << false << QByteArray("/p/new.conf.2.rules.conf");
    QTest::addRow("the same conversion again: ours") << QByteArray("/p/new.conf") << true << QByteArray("/p/new.conf.rules.conf");
    QTest::addRow("in place of the original: not ours") << QByteArray("/p/smtpd.conf") << true << QByteArray("/p/smtpd.conf.2.rules.conf");
}

void TestConvertLayout::aFileOfSomebodyElseBesideTheOutputStays() {
    QFETCH(QByteArray, out);
    QFETCH(bool, outIsThere);
    QFETCH(QByteArray, name);
    test::MemoryFileStore files;
    files.put("/p/smtpd.conf", "listen on lo\ninclude \"rules.conf\"\n");
    files.put("/p/rules.conf", "accept for any relay\n");
    if (outIsThere && out != "/p/smtpd.conf")
        files.put(out, "# converted before\n");
    files.put(out + ".rules.conf", "# there already\n");
    convert::Options options;
    options.out = out;
    const convert::Converted made = ofFiles(files, options);
    QCOMPARE(made.included.size(), size_t(1));
    QCOMPARE(made.included[0].to, name);
}

// Its text stays as it is, so a relative name leads nowhere from another folder.
void TestConvertLayout::forPosternElsewhereTheIncludesAreNamed() {
    test::MemoryFileStore files;
    files.put("/p/smtpd.conf", "include \"rules.conf\"\ninclude \"/p/whole.conf\"\n");
    files.put("/p/rules.conf", "accept for any relay\n");
    files.put("/p/whole.conf", "listen on lo\n");
    convert::Options options;
    options.out = "/new/smtpd.conf";
    const convert::Converted made = convert::convert(files, "/p/smtpd.conf", Target::Postern, options).value();
    QCOMPARE(made.text, files.read("/p/smtpd.conf", 0, -1).value());
    QVERIFY2(reportOf(made).startsWith("/p/smtpd.conf:1:1: changed: this file needs no change: put /p/rules.conf beside /new/smtpd.conf"),
             reportOf(made).constData());
    QCOMPARE(made.report.size(), size_t(1));
    files.put("smtpd.conf", "include \"rules.conf\"\n"); // named from the folder in which it stands
    files.put("rules.conf", "listen on lo\n");
    const convert::Converted near = convert::convert(files, "smtpd.conf", Target::Postern, options).value();
    QVERIFY2(reportOf(near).startsWith("smtpd.conf:1:1: changed: this file needs no change: put rules.conf beside"), reportOf(near).constData());
    options.out = "/p/other.conf";
    QVERIFY(convert::convert(files, "/p/smtpd.conf", Target::Postern, options).value().report.empty());
}

// The name of an action is its only name in all files, also where two actions do the same.
void TestConvertLayout::actionsHaveOneNameInAllFiles() {
    test::MemoryFileStore files;
    files.put("/p/smtpd.conf", "accept from any for domain \"a.test\" relay\ninclude \"b.conf\"\naccept from any for any relay\n");
    files.put("/p/b.conf", "accept from any for domain \"b.test\" relay\naccept from any for domain \"c.test\" relay via smtp://h\n");
    convert::Options options;
    options.out = "/p/new.conf";
    const convert::Converted made = ofFiles(files, options);
    QSet<QByteArray> names;
    int defined = 0;
    for (const QByteArray& line : (made.text + made.included.at(0).text).split('\n')) {
        if (line.startsWith("action ")) {
            names.insert(line.split('"').at(1));
            ++defined;
        }
    }
    QCOMPARE(defined, 3); // what two files do alike has a name in each: one may be read before the other
    QCOMPARE(names.size(), defined);
}

void TestConvertLayout::includesThatCannotBeConverted_data() {
    QTest::addColumn<QByteArray>("included");
    QTest::addColumn<bool>("isRefused");
    QTest::addColumn<QByteArray>("said");
    QTest::newRow("not there") << QByteArray() << false << QByteArray("/p/smtpd.conf:1:1: lost: this file can't be read, so it is not converted: /p/b.conf");
    QTest::newRow("with errors") << QByteArray("accept fron any for any relay\n") << true << QByteArray("/p/b.conf:1:8: ");
    QTest::newRow("in another dialect") << QByteArray("match from any for any reject\n") << true << QByteArray("/p/b.conf:1:1: error: this file is written in the action/match dialect");
    QTest::newRow("nothing to change") << QByteArray("listen on lo\n") << false << QByteArray();
}

void TestConvertLayout::includesThatCannotBeConverted() {
    QFETCH(QByteArray, included);
    QFETCH(bool, isRefused);
    QFETCH(QByteArray, said);
    test::MemoryFileStore files;
    files.put("/p/smtpd.conf", "include \"b.conf\"\naccept from any for domain \"a.test\" relay\n");
    if (!included.isEmpty())
        files.put("/p/b.conf", included);
    convert::Options options;
    options.out = "/p/new.conf";
    const convert::Converted made = ofFiles(files, options);
    QCOMPARE(made.isRefused, isRefused);
    QByteArray found = reportOf(made);
    for (const config::Diagnostic& one : made.diagnostics)
        found += '\n' + one.print();
    QVERIFY2(said.isEmpty() ? found.isEmpty() : found.contains(said), found.constData());
    QCOMPARE(made.lostSomething(), said.contains("lost"));
}

void TestConvertLayout::aFileIncludedTwiceDefinesNoActions() {
    test::MemoryFileStore files;
    files.put("/p/smtpd.conf", "include \"b.conf\"\ninclude \"b.conf\"\n");
    files.put("/p/b.conf", "accept from any for any relay\n");
    convert::Options options;
    options.out = "/p/new.conf";
    const convert::Converted made = ofFiles(files, options);
    QVERIFY2(reportOf(made).contains("/p/smtpd.conf:2:1: lost: this file is included twice"), reportOf(made).constData());
}

void TestConvertLayout::aRuleThatCannotBeSaidRefusesItsMailAndSaysWhere() {
    const test::Conversion made = test::converted("listen on lo\n\n# keep it here\naccept for any catch # safe\naccept from any for any relay\n",
                                                  Target::OpenSmtpd68);
    QCOMPARE(made.text, QByteArray("listen on lo\n\naction \"outbound\" relay\n\n# keep it here\n"
                                   "# not in OpenSMTPD 6.8: accept for any catch\nmatch from local for any reject # safe\n"
                                   "match from any for any action \"outbound\"\n"));
    QVERIFY2(made.report.value(0).startsWith("4: lost: only Postern can catch mail"), made.report.join('\n').constData());
}

void TestConvertLayout::manyRulesShareTheirActions() {
    QByteArray text = "listen on lo\n";
    for (int i = 0; i < 400; ++i)
        text += "# " + QByteArray::number(i) + "\naccept from any for domain d" + QByteArray::number(i) + ".example relay via tls://h" +
                QByteArray::number(i % 50) + ".example\n";
    const test::Conversion made = test::converted(text, Target::OpenSmtpd68);
    QCOMPARE(made.text.count("\nmatch "), 400);
    QCOMPARE(made.text.count("\naction "), 50);
}

QTEST_GUILESS_MAIN(TestConvertLayout)
#include "tst_convert_layout.moc"
