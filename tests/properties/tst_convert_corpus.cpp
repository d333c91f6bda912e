// SPDX-License-Identifier: GPL-3.0-or-later
//
// Laws of converting, over the real-world files: what is right for the target stays byte for byte; once is as good as twice;
// the target's reader takes what was written; and mail goes the same way before and after, unless the report says otherwise.
#include "config/file_set.h"
#include "config/views/listen_view.h"
#include "config/views/table_view.h"
#include "convert/convert.h"
#include "policy/compile.h"
#include "policy/explain.h"
#include "policy/judge.h"
#include "tables/netaddr.h"

#include "support/memory_file_store.h"
#include "support/places.h"

#include <QDir>
#include <QFile>
#include <QTest>

using namespace postern;
using namespace Qt::StringLiterals;
using config::Target;

namespace {

const QString kFolder = QStringLiteral(POSTERN_SOURCE_DIR "/tests/corpus/smtpd_conf/");
constexpr Target kTargets[] = {Target::OpenSmtpd2012, Target::OpenSmtpd59, Target::OpenSmtpd68, Target::OpenSmtpd78};

QByteArray contentOf(const QString& name) {
    QFile file(kFolder + name);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

// Each file that a table names is there and holds something to find.
void putTables(test::MemoryFileStore& files, const QByteArray& text) {
    const auto set = config::FileSet::fromText(files, "/p/smtpd.conf", text);
    for (const config::StatementView& statement : set.statements()) {
        const auto table = config::TableView::from(statement);
        if (table && table->path().startsWith('/'))
            files.put(table->path(), "listed.example\n@listed.example\n192.0.2.7\n");
    }
}

struct Samples {
    std::vector<policy::MatchContext> clients;
    QByteArrayList senders, recipients, tags;
};

void collect(const config::TableArgument& table, Samples& samples) {
    for (const config::Value& item : table.items) {
        const QByteArray text = QByteArray(item.text).replace("*", "some");
        const auto address = tables::Netaddr::parse(text);
        if (address) {
            policy::MatchContext client;
            client.clientAddress = text.first(text.contains('/') ? text.indexOf('/') : text.size());
            samples.clients.push_back(client);
        } else if (text.contains('@')) {
            samples.senders.append(text.startsWith('@') ? "x" + text : text);
            samples.recipients.append(samples.senders.last());
        } else if (text.contains('.')) {
            samples.recipients.append("x@" + text);
        }
    }
}

// Clients, addresses and tags out of the file's own words, and some that it does not know.
Samples samplesFor(const config::FileSet& set) {
    Samples samples;
    samples.senders = {"", "x@elsewhere.example", "x@listed.example"};
    samples.recipients = {"x@elsewhere.example", "x@localhost", "x@listed.example"};
    samples.tags = {""};
    bool signsIn = false;
    for (const config::StatementView& statement : set.statements()) {
        if (const auto listen = config::ListenView::from(statement)) {
            signsIn = signsIn || listen->auth() != config::ListenView::AuthWord::None;
            if (listen->tag() && !samples.tags.contains(listen->tag()->text))
                samples.tags.append(listen->tag()->text);
        }
        if (const auto table = config::TableView::from(statement); table && table->content())
            collect(*table->content(), samples);
        for (const config::Clause& clause : statement.clauses()) {
            if (clause.table && statement.kind() != config::StatementKind::Listen)
                collect(*clause.table, samples);
        }
    }
    policy::MatchContext local, socket, remote, listed;
    local.clientAddress = "127.0.0.1";
    local.isLocalAddress = true;
    socket.isSocket = true;
    remote.clientAddress = "198.51.100.66";
    listed.clientAddress = "192.0.2.7";
    samples.clients.insert(samples.clients.end(), {local, socket, remote, listed});
    if (samples.clients.size() > 8)
        samples.clients.erase(samples.clients.begin(), samples.clients.end() - 8);
    for (size_t i = 0, count = samples.clients.size(); signsIn && i < count; ++i) {
        policy::MatchContext client = samples.clients[i];
        if (client.isSocket)
            continue;
        client.isAuthenticated = true;
        client.user = "ann";
        samples.clients.push_back(client);
    }
    samples.senders = samples.senders.mid(0, 6);
    samples.recipients = samples.recipients.mid(0, 8);
    return samples;
}

// Where mail goes, without what only spells it: an URL's schema, the name of an action.
QByteArray outcome(const policy::Explanation& explanation) {
    QByteArray out = explanation.verdict;
    for (const policy::ExplainedEnvelope& one : explanation.envelopes) {
        out += ' ' + one.via + ' ' + one.path + (one.user.isEmpty() ? QByteArray() : " as " + one.user);
        if (!one.relay)
            continue;
        const QByteArray& url = one.relay->url;
        const qsizetype schema = url.indexOf("://");
        QByteArray place = schema < 0 ? url : url.sliced(schema + 3);
        place = place.sliced(place.indexOf('@') + 1);
        out += " to " + place + " tls " + toString(one.relay->tls).toByteArray() +
               (one.relay->verify ? " verified" : "") + " label " + one.relay->label + " source " +
               one.relay->source.join(',') + " helo " + one.relay->helo;
    }
    return out;
}

policy::Explanation explained(const policy::RulesetPtr& rules, const policy::MatchContext& context) {
    policy::Explanation result;
    policy::explain(rules, context, "gw.example", [&](policy::Explanation one) { result = std::move(one); });
    return result;
}

} // namespace

class TestConvertCorpus : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void whatIsRightStays_data() { files(); }
    void whatIsRightStays();
    void twiceIsOnce_data() { files(); }
    void twiceIsOnce();
    void theReaderTakesIt_data() { files(); }
    void theReaderTakesIt();
    void mailGoesTheSameWay_data() { files(); }
    void mailGoesTheSameWay();

    void anyTextIsConvertedOrRefused_data() { files(); }
    void anyTextIsConvertedOrRefused();

  private:
    void files();
};

void TestConvertCorpus::files() {
    QTest::addColumn<QString>("name");
    for (const QString& folder : {u"legacy"_s, u"map2012"_s, u"modern"_s}) {
        const QStringList names = QDir(kFolder + folder).entryList({u"*.conf"_s}, QDir::Files, QDir::Name);
        QVERIFY(!names.isEmpty());
        for (const QString& name : names)
            QTest::addRow("%s", qPrintable(folder + u'/' + name)) << folder + u'/' + name;
    }
}

void TestConvertCorpus::whatIsRightStays() {
    QFETCH(QString, name);
    const QByteArray text = contentOf(name);
    test::MemoryFileStore files;
    for (const Target target : kTargets) {
        const auto dialect = config::detectDialect(text);
        if (!dialect || dialect != dialectOf(target) ||
            config::isRefused(policy::judgeText(files, "/p/smtpd.conf", text, {target, {}, true}), target))
            continue;
        const convert::Converted made = convert::convertText(files, "/p/smtpd.conf", text, target);
        QVERIFY(!made.isRefused);
        QCOMPARE(made.text, text);
        QVERIFY2(!made.lostSomething(), made.report.empty() ? "" : made.report.front().print().constData());
    }
}

void TestConvertCorpus::twiceIsOnce() {
    QFETCH(QString, name);
    test::MemoryFileStore files;
    for (const Target target : kTargets) {
        const convert::Converted once = convert::convertText(files, "/p/smtpd.conf", contentOf(name), target);
        if (once.isRefused)
            continue;
        const convert::Converted twice =
            convert::convertText(files, "/p/smtpd.conf", once.text, target, {dialectOf(target)});
        QVERIFY2(!twice.isRefused, once.text.constData());
        QCOMPARE(twice.text, once.text);
    }
}

void TestConvertCorpus::theReaderTakesIt() {
    QFETCH(QString, name);
    test::MemoryFileStore files;
    for (const Target target : kTargets) {
        const convert::Converted made = convert::convertText(files, "/p/smtpd.conf", contentOf(name), target);
        for (const convert::Remark& remark : made.report) // that nothing is left of the rules is a fair answer
            QVERIFY2(!remark.text.contains("refuses what stands here now") ||
                         remark.text.contains("no rules, nothing to do"),
                     (toString(target).toByteArray() + ' ' + remark.print() + '\n' + made.text).constData());
    }
}

void TestConvertCorpus::mailGoesTheSameWay() {
    QFETCH(QString, name);
    const QByteArray text = contentOf(name);
    test::MemoryFileStore files;
    putTables(files, text);
    const auto before = policy::compileText(files, "/p/smtpd.conf", text, {});
    for (const config::Diagnostic& one : before.diagnostics) {
        if (one.severity == config::Severity::Error && one.text.contains("must come before"))
            return; // broken as it is, and repaired by converting
    }
    const Samples samples = samplesFor(config::FileSet::fromText(files, "/p/smtpd.conf", text));
    for (const Target target : kTargets) {
        const convert::Converted made = convert::convertText(files, "/p/smtpd.conf", text, target);
        if (made.isRefused)
            return;
        policy::CompileOptions options;
        options.dialect = dialectOf(target) == config::Dialect::Map2012  ? policy::Era::Map2012
                          : dialectOf(target) == config::Dialect::Legacy ? policy::Era::Legacy
                                                                         : policy::Era::Modern;
        const auto after = policy::compileText(files, "/p/smtpd.conf", made.text, options);
        if (target == Target::OpenSmtpd2012 && made.lostSomething())
            continue; // little can be said there; what is lost changes where all mail behind it goes
        const auto isReported = [&](const policy::Explanation& one) {
            for (const convert::Remark& remark : made.report) {
                if (remark.kind != convert::RemarkKind::Note &&
                    (remark.line <= one.line || one.line == 0 || remark.kind == convert::RemarkKind::Lost))
                    return true;
            }
            return false;
        };
        for (policy::MatchContext context : samples.clients) {
            context.localNames = {"localhost", "gw.example"};
            context.helo = "client.example";
            for (const QByteArray& tag : samples.tags) {
                for (const QByteArray& sender : samples.senders) {
                    for (const QByteArray& recipient : samples.recipients) {
                        context.tag = tag;
                        context.sender = sender;
                        context.recipient = recipient;
                        const policy::Explanation was = explained(before.ruleset, context);
                        const policy::Explanation is = explained(after.ruleset, context);
                        if (outcome(was) == outcome(is) || isReported(was))
                            continue;
                        const QByteArray mail = toString(target).toByteArray() + ": from " + context.clientAddress +
                                                (context.isAuthenticated ? " signed in" : "") + " tag \"" + tag +
                                                "\" <" + sender + "> to <" + recipient + ">, line " +
                                                QByteArray::number(was.line) + "\n" + made.text;
                        QVERIFY2(false, (outcome(was) + "\nnow\n" + outcome(is) + "\nfor " + mail).constData());
                    }
                }
            }
        }
    }
}

// Cut off, or with a byte missing: a text or a refusal, and what was written is read again.
void TestConvertCorpus::anyTextIsConvertedOrRefused() {
    QFETCH(QString, name);
    const QByteArray text = contentOf(name);
    test::MemoryFileStore files;
    const qsizetype step = std::max<qsizetype>(text.size() / 7, 1);
    for (qsizetype cut = 1; cut < text.size(); cut += step) {
        for (const QByteArray& broken : {text.first(cut), QByteArray(text).remove(cut, 1)}) {
            for (const Target target : {Target::OpenSmtpd59, Target::OpenSmtpd68}) {
                const convert::Converted once = convert::convertText(files, "/p/smtpd.conf", broken, target);
                if (once.isRefused)
                    continue;
                const convert::Converted twice =
                    convert::convertText(files, "/p/smtpd.conf", once.text, target, {dialectOf(target)});
                QVERIFY2(!twice.isRefused, (broken + "\n=>\n" + once.text).constData());
                QCOMPARE(twice.text, once.text);
            }
        }
    }
}

QTEST_GUILESS_MAIN(TestConvertCorpus)
#include "tst_convert_corpus.moc"
