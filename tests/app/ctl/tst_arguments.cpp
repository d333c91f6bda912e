// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/arguments.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace postern;
using namespace postern::ctl;
using namespace Qt::StringLiterals;

namespace {

// "flags: --json; -f=a; words: b c", or "usage: sentence".
QByteArray readAll(const QByteArrayList& words) {
    try {
        const Arguments arguments(words, {"--json", "-v"}, {"-f", "--profile", "--state"});
        QByteArray out;
        for (const QByteArray flag : {"--json", "-v"})
            if (arguments.has(flag))
                out += flag + "; ";
        for (const QByteArray option : {"-f", "--profile", "--state"})
            if (const auto value = arguments.value(option))
                out += option + '=' + *value + "; ";
        return out + "words: " + arguments.words().join(' ');
    } catch (const UsageError& error) {
        return "usage: " + error.text;
    }
}

engine::Profile profileOf(const QByteArrayList& words) {
    return profileFrom(Arguments(words, {}, {"-f", "--profile", "--state"}));
}

} // namespace

class TestArguments : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void reads_data();
    void reads();
    void asksForWhatIsNeeded();
    void namesTheDialects_data();
    void namesTheDialects();
    void findsTheProfile();
    void aStateFolderIsAGatewayOfItsOwn();
    void findsTheFolderThatRunWasGiven();
};

void TestArguments::reads_data() {
    QTest::addColumn<QByteArrayList>("words");
    QTest::addColumn<QByteArray>("read");
    const auto row = [](const char* name, const QByteArrayList& words, const char* read) {
        QTest::addRow("%s", name) << words << QByteArray(read);
    };
    row("nothing", {}, "words: ");
    row("flags, options and words in any order", {"a", "--json", "-f", "x", "b"}, "--json; -f=x; words: a b");
    row("a long option with =", {"--state=/s p"}, "--state=/s p; words: ");
    row("a value with =", {"--state=a=b"}, "--state=a=b; words: ");
    row("an empty value", {"--state="}, "--state=; words: ");
    row("a value that looks like an option", {"-f", "--json"}, "-f=--json; words: ");
    row("behind -- all are words", {"--", "-f", "--json", "--"}, "words: -f --json --");
    row("a lone - is a word", {"-"}, "words: -");
    row("a flag twice is a flag", {"--json", "--json"}, "--json; words: ");
    row("an option without its value", {"-f"}, "usage: -f needs a value");
    row("an option twice", {"-f", "a", "-f", "b"}, "usage: -f is given twice");
    row("an option that there is not", {"--jsn"}, "usage: there is no option --jsn here; did you mean --json?");
    row("a flag with a value", {"--json=yes"}, "usage: --json takes no value");
    row("a short option with =", {"-f=x"}, "usage: there is no option -f=x here");
    row("short options in one word", {"-vf"}, "usage: there is no option -vf here");
}

void TestArguments::reads() {
    QFETCH(QByteArrayList, words);
    QTEST(readAll(words), "read");
}

void TestArguments::asksForWhatIsNeeded() {
    const Arguments none({}, {}, {"--mail-from"});
    QVERIFY_THROWS_EXCEPTION(UsageError, (void)none.required("--mail-from"));
    const Arguments empty({"--mail-from", ""}, {}, {"--mail-from"});
    QCOMPARE(empty.required("--mail-from"), QByteArray("")); // the null sender is a value
}

void TestArguments::namesTheDialects_data() {
    QTest::addColumn<QByteArrayList>("words");
    QTest::addColumn<std::optional<policy::Era>>("era");
    using Era = policy::Era;
    QTest::addRow("not given") << QByteArrayList{} << std::optional<Era>();
    QTest::addRow("auto") << QByteArrayList{"--dialect", "auto"} << std::optional<Era>();
    QTest::addRow("2012") << QByteArrayList{"--dialect", "2012"} << std::optional(Era::Map2012);
    QTest::addRow("legacy") << QByteArrayList{"--dialect", "legacy"} << std::optional(Era::Legacy);
    QTest::addRow("modern") << QByteArrayList{"--dialect", "modern"} << std::optional(Era::Modern);
}

void TestArguments::namesTheDialects() {
    QFETCH(QByteArrayList, words);
    QFETCH(std::optional<policy::Era>, era);
    QVERIFY(dialectFrom(Arguments(words, {}, {"--dialect"})) == era);
    const Arguments wrong({"--dialect", "Modern"}, {}, {"--dialect"});
    QVERIFY_THROWS_EXCEPTION(UsageError, (void)dialectFrom(wrong));
}

void TestArguments::findsTheProfile() {
    const engine::Profile own = profileOf({"--profile", "/p/q/.."});
    QCOMPARE(own.folder, QByteArray("/p"));
    QCOMPARE(own.configFile, QByteArray("/p/smtpd.conf"));
    QCOMPARE(own.stateFolder, QByteArray("/p/queue"));
    const engine::Profile other = profileOf({"--profile", "/p", "-f", "c", "--state", "/s/"});
    QCOMPARE(other.folder, QByteArray("/p"));
    QCOMPARE(other.configFile, QFile::encodeName(QDir::currentPath()) + "/c");
    QCOMPARE(other.stateFolder, QByteArray("/s"));
    QCOMPARE(profileOf({}).folder, engine::Profile::platformDefault().folder);
}

// `run -f FILE --state DIR` must not touch the user's own profile.
void TestArguments::aStateFolderIsAGatewayOfItsOwn() {
    const engine::Profile profile = profileOf({"-f", "/c", "--state", "/s"});
    QCOMPARE(profile.folder, QByteArray());
    QCOMPARE(profile.configFile, QByteArray("/c"));
    QCOMPARE(profile.stateFolder, QByteArray("/s"));
    QCOMPARE(profile.settingsFile(), QByteArray("/s/postern.ini"));
}

// `run --state DIR`, then `--profile DIR status`: people call the one folder they know by either name.
void TestArguments::findsTheFolderThatRunWasGiven() {
    const QTemporaryDir folder;
    const QByteArray path = QFile::encodeName(folder.path());
    QCOMPARE(profileOf({"--profile", path}).stateFolder, path + "/queue");
    QFile socket(folder.filePath(u"control.sock"_s));
    QVERIFY(socket.open(QIODevice::WriteOnly));
    QCOMPARE(profileOf({"--profile", path}).stateFolder, path);
    QFile config(folder.filePath(u"smtpd.conf"_s));
    QVERIFY(config.open(QIODevice::WriteOnly));
    QCOMPARE(profileOf({"--profile", path}).stateFolder, path + "/queue"); // a whole profile after all
}

QTEST_GUILESS_MAIN(TestArguments)
#include "tst_arguments.moc"
