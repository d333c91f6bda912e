// SPDX-License-Identifier: GPL-3.0-or-later
#include "keychain/exchange.h"

#include <QTest>

using namespace postern;
using namespace postern::keychain;

class TestExchange : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void questionsComeBack_data();
    void questionsComeBack();
    void answersComeBack();
    void halfAnAnswerIsNone();
    void otherBytesAreNoAnswer_data();
    void otherBytesAreNoAnswer();
    void formOfNamesAndSecrets_data();
    void formOfNamesAndSecrets();
    void eachStateSaysWhatToDo();
};

void TestExchange::questionsComeBack_data() {
    QTest::addColumn<int>("verb");
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<bool>("mayAsk");
    QTest::newRow("read") << int(Verb::Read) << QByteArray("Postern/home/ann/login/office") << QByteArray() << false;
    QTest::newRow("a name with blanks and line ends") << int(Verb::Remove) << QByteArray("a b\nwrite \xc3\xa4") << QByteArray() << false;
    QTest::newRow("a secret with line ends") << int(Verb::Write) << QByteArray("n") << QByteArray("carol:\n\nx 3\n") << true;
}

void TestExchange::questionsComeBack() {
    QFETCH(int, verb);
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, value);
    QFETCH(bool, mayAsk);
    const Secret bytes = toBytes(Question{Verb(verb), name, Secret(value), mayAsk});
    QVERIFY(!bytes.expose().contains(name) || name.size() == 1); // nothing of it is on the first line as it is
    const auto back = questionFrom(bytes.expose());
    QVERIFY(back);
    QCOMPARE(int(back->verb), verb);
    QCOMPARE(back->name, name);
    QCOMPARE(back->value.expose(), QByteArrayView(value));
    QCOMPARE(back->mayAsk, mayAsk);
}

void TestExchange::answersComeBack() {
    for (const State state : {State::Done, State::NotFound, State::NoService, State::Locked, State::Denied, State::TooSlow,
                              State::NotBuilt, State::Failed}) {
        const auto back = answerFrom(toBytes(Answer{state, Secret(QByteArray("s3cret\n1")), "no bus"}).expose());
        QVERIFY(back);
        QCOMPARE(int(back->state), int(state));
        QCOMPARE(back->value.expose(), QByteArrayView("s3cret\n1"));
        QCOMPARE(back->detail, "no bus");
    }
}

// The program may die after any octet: half a password must not be taken for one.
void TestExchange::halfAnAnswerIsNone() {
    const QByteArray whole = toBytes(Answer{State::Done, Secret(QByteArray("carol:s3cret")), {}}).expose().toByteArray();
    for (qsizetype n = 0; n < whole.size(); ++n)
        QVERIFY2(!answerFrom(whole.left(n)), QByteArray::number(n).constData());
    QVERIFY(answerFrom(whole));
    QVERIFY(!answerFrom(whole + 'x'));
}

void TestExchange::otherBytesAreNoAnswer_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("a line of words") << QByteArray("bash: cannot execute\n");
    QTest::newRow("an unknown state") << QByteArray("opened  0\n");
    QTest::newRow("no length") << QByteArray("done  \n");
    QTest::newRow("a negative length") << QByteArray("done  -1\n");
    QTest::newRow("a length of more digits than fit") << QByteArray("done  99999999999999999999\n");
    QTest::newRow("too much of it") << QByteArray("done  9000\n") + QByteArray(9000, 'x');
}

void TestExchange::otherBytesAreNoAnswer() {
    QFETCH(QByteArray, bytes);
    QVERIFY(!answerFrom(bytes));
    QVERIFY(!questionFrom(bytes));
}

void TestExchange::formOfNamesAndSecrets_data() {
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<bool>("isGood");
    QTest::newRow("the longest") << QByteArray(kMostNameOctets, 'n') << QByteArray(kMostOctets, 'v') << true;
    QTest::newRow("letters of any language") << QByteArray("n") << QByteArray("p\xc3\xa4ssw\xc3\xb6rt") << true;
    QTest::newRow("no name") << QByteArray() << QByteArray("v") << false;
    QTest::newRow("a name too long") << QByteArray(kMostNameOctets + 1, 'n') << QByteArray("v") << false;
    QTest::newRow("an empty secret") << QByteArray("n") << QByteArray() << false;
    QTest::newRow("a secret too long") << QByteArray("n") << QByteArray(kMostOctets + 1, 'v') << false;
    QTest::newRow("a secret that is no UTF-8") << QByteArray("n") << QByteArray("p\xe4ss") << false;
    QTest::newRow("a secret with NUL") << QByteArray("n") << QByteArray("p\0ss", 4) << false;
}

void TestExchange::formOfNamesAndSecrets() {
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, value);
    QFETCH(bool, isGood);
    const auto checked = checkForm({Verb::Write, name, Secret(value)});
    QCOMPARE(checked.has_value(), isGood);
    if (!checked && value.size() == 4)
        QVERIFY(!checked.error().text.contains("ss")); // never a word of it
}

void TestExchange::eachStateSaysWhatToDo() {
    QByteArrayList all;
    for (const State state : {State::NotFound, State::NoService, State::Locked, State::Denied, State::TooSlow, State::NotBuilt,
                              State::Failed}) {
        const QByteArray text = reason({state, Secret(QByteArray("s3cret")), "the bus said no"});
        QVERIFY(!text.isEmpty() && !text.contains("s3cret"));
        QVERIFY2(!all.contains(text), text.constData());
        all.append(text);
    }
}

QTEST_APPLESS_MAIN(TestExchange)
#include "tst_exchange.moc"
