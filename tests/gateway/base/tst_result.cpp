// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/result.h"

#include <QTest>

#include <memory>
#include <set>

using namespace postern;

// What must not compile: a truth value is no result, and a result is no truth value without saying so.
static_assert(!std::is_convertible_v<Result<int>, bool>);
static_assert(!std::is_convertible_v<bool, Result<QByteArray>>);
static_assert(std::is_constructible_v<bool, Result<int>>);

class TestResult : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void carriesAnError();
    void carriesAValue();
    void carriesNothingButSuccess();
    void movesWhatCannotBeCopied();
    void unclassifiedIsTemporary();
    void namesEveryCode();
};

void TestResult::carriesAnError() {
    const Result<int> result = Error{ErrorCode::NotFound, "no such file", Permanence::Permanent};
    QVERIFY(!result);
    QVERIFY(!result.has_value());
    QVERIFY(result.error().code == ErrorCode::NotFound);
    QVERIFY(result.error().permanence == Permanence::Permanent);
    QCOMPARE(result.error().text, QByteArray("no such file"));
    QCOMPARE(result.value_or(7), 7);
}

void TestResult::carriesAValue() {
    Result<QByteArray> result = QByteArray("bytes");
    QVERIFY(result);
    QCOMPARE(*result, QByteArray("bytes"));
    QCOMPARE(result->size(), 5);
    result->append('!');
    QCOMPARE(result.value(), QByteArray("bytes!"));
    QCOMPARE(result.value_or("other"), QByteArray("bytes!"));
}

void TestResult::carriesNothingButSuccess() {
    const Result<void> good;
    const Result<void> bad = Error{ErrorCode::Io, "disk on fire"};
    QVERIFY(good && !bad);
    QCOMPARE(bad.error().text, QByteArray("disk on fire"));
}

void TestResult::movesWhatCannotBeCopied() {
    Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
    const std::unique_ptr<int> taken = std::move(result).value();
    QCOMPARE(*taken, 5);
}

void TestResult::unclassifiedIsTemporary() { // better late than lost
    QVERIFY(Error{}.permanence == Permanence::Temporary);
    QVERIFY((Error{ErrorCode::Protocol, "x"}).permanence == Permanence::Temporary);
}

void TestResult::namesEveryCode() {
    std::set<QByteArray> names;
    for (int code = int(ErrorCode::Io); code <= int(ErrorCode::Internal); ++code)
        names.insert(toString(ErrorCode(code)).toByteArray());
    QCOMPARE(names.size(), size_t(int(ErrorCode::Internal) - int(ErrorCode::Io) + 1));
}

QTEST_APPLESS_MAIN(TestResult)
#include "tst_result.moc"
