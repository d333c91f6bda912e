// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who asks whether a user exists: where the rules do not tell him, neither do the words of the reply nor the work behind it.
//
// Time is not measured (a loaded machine would lie): what takes time are questions to tables, so these are counted. Measured
// times are in docs/figures.md; sign-ins: tst_login_check.
#include "base/log.h"
#include "connection_bench.h"
#include "table_double.h"
#include "tables/static_table.h"

#include <QRegularExpression>
#include <QTest>

using namespace postern;
using namespace postern::test;
using namespace Qt::StringLiterals;

namespace {

using policy::ConditionKind;

policy::Condition that(ConditionKind kind, tables::TablePtr table = nullptr, bool negated = false) {
    policy::Condition one;
    one.kind = kind;
    one.table = std::move(table);
    one.negated = negated;
    return one;
}

tables::TablePtr list(const QByteArray& entry) {
    return std::make_shared<tables::StaticTable>("list", "static", tables::Shape::List, std::vector<tables::Entry>{{entry, {}}}, '+');
}

std::shared_ptr<TableDouble> users() {
    return std::make_shared<TableDouble>(std::map<QByteArray, QByteArray>{{"carol@office.test", "x"}});
}

policy::Rule rule(bool reject, std::vector<policy::Condition> conditions) {
    policy::Rule one;
    one.reject = reject;
    one.conditions = std::move(conditions);
    if (!reject) {
        policy::Action action;
        action.name = "out";
        one.action = std::make_shared<const policy::Action>(std::move(action));
    }
    return one;
}

} // namespace

class TestHiddenUsers : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogToStandardError(false); }
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }

    void N06_N14_aKnownUserIsAnsweredLikeAnUnknownOne_data() {
        QTest::addColumn<QString>("rules");
        QTest::addColumn<QByteArray>("code");
        QTest::addColumn<int>("questions"); // to the table of users
        QTest::addRow("the office alone may write to users, and a stranger asks") << u"office"_s << "550"_ba << 0;
        QTest::addRow("only who has signed in may, and he has not") << u"auth"_s << "550"_ba << 0;
        QTest::addRow("strangers may write to some, and he asks for others") << u"public"_s << "550"_ba << 0;
        QTest::addRow("the whole domain is taken in") << u"domain"_s << "250"_ba << 0;
        QTest::addRow("the table of users cannot be asked") << u"down"_s << "451"_ba << 1;
    }
    void N06_N14_aKnownUserIsAnsweredLikeAnUnknownOne() {
        QFETCH(QString, rules);
        QFETCH(QByteArray, code);
        QFETCH(int, questions);
        QByteArrayList replies;
        for (const QByteArray user : {"carol", "xavid"}) { // in the table, and not
            ConnectionBench bench;
            const auto table = users();
            auto ruleset = std::make_shared<policy::Ruleset>();
            const auto domain = that(ConditionKind::ForDomain, list("office.test"));
            const auto isUser = that(ConditionKind::Recipient, table);
            if (rules == u"office")
                ruleset->rules = {rule(false, {that(ConditionKind::FromSource, list("198.51.100.0/24")), domain, isUser})};
            else if (rules == u"auth")
                ruleset->rules = {rule(false, {that(ConditionKind::FromAny), domain, that(ConditionKind::Authenticated), isUser})};
            else if (rules == u"public")
                ruleset->rules = {rule(true, {that(ConditionKind::FromAny), domain, that(ConditionKind::Recipient, list("info@office.test"), true)}),
                                  rule(false, {that(ConditionKind::FromAny), domain, isUser})};
            else if (rules == u"domain")
                ruleset->rules = {rule(false, {that(ConditionKind::FromAny), domain})};
            else
                ruleset->rules = {rule(false, {that(ConditionKind::FromAny), domain, isUser})};
            table->fails = rules == u"down";
            bench.rules = ruleset;
            bench.connect();
            (void)bench.ask("EHLO client.test");
            QByteArrayList heard{bench.ask("VRFY " + user), bench.ask("VRFY <" + user + "@office.test>"), bench.ask("EXPN " + user)};
            (void)bench.ask("MAIL FROM:<a@client.test>");
            heard.append(bench.ask("RCPT TO:<" + user + "@office.test>"));
            QVERIFY2(heard.back().startsWith(code), heard.back().constData());
            QCOMPARE(int(table->asked.size()), questions);
            replies.append(heard.join().replace(user, "WHO"));
        }
        QCOMPARE(replies[0], replies[1]);
    }
};

QTEST_GUILESS_MAIN(TestHiddenUsers)
#include "tst_hidden_users.moc"
