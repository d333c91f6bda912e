// SPDX-License-Identifier: GPL-3.0-or-later
//
// A resolver that knows what the test told it. Answers come from deliver(), never before the asking call returned; names it
// was not told about do not exist.
#pragma once

#include "dns/resolver.h"

#include <QHash>

#include <deque>

namespace postern::test {

class FakeResolver final : public dns::Resolver {
  public:
    QHash<QByteArray, dns::MxAnswer> mxOf;
    QHash<QByteArray, dns::AddressAnswer> addressesOf;
    QHash<QByteArray, dns::NameAnswer> nameOf;
    int asked = 0;

    void setMx(const QByteArray& domain, std::vector<dns::MxHost> hosts) {
        mxOf[domain] = {dns::Outcome::Found, std::move(hosts), {}};
    }
    void setAddresses(const QByteArray& host, const QByteArrayList& addresses) {
        addressesOf[host] = {addresses.isEmpty() ? dns::Outcome::NoData : dns::Outcome::Found, addresses, {}};
    }

    // Answers everything asked so far; true if there was something.
    bool deliver() {
        auto due = std::exchange(m_due, {});
        for (const auto& answer : due)
            answer();
        return !due.empty();
    }

    std::unique_ptr<dns::Question> mx(const QByteArray& domain, MxDone done) override {
        return later([done, answer = mxOf.value(domain, {dns::Outcome::NoSuchName, {}, {}})] { done(answer); });
    }
    std::unique_ptr<dns::Question> addresses(const QByteArray& host, AddressDone done) override {
        return later([done, answer = addressesOf.value(host, {dns::Outcome::NoSuchName, {}, {}})] { done(answer); });
    }
    std::unique_ptr<dns::Question> reverse(const QByteArray& address, NameDone done) override {
        return later([done, answer = nameOf.value(address, {})] { done(answer); }); // not told: cannot be asked
    }

  private:
    struct Asked final : dns::Question {
        explicit Asked(std::shared_ptr<bool> flag) : alive(std::move(flag)) {}
        ~Asked() override { *alive = false; }
        std::shared_ptr<bool> alive;
    };
    std::unique_ptr<dns::Question> later(std::function<void()> answer) {
        ++asked;
        auto alive = std::make_shared<bool>(true);
        m_due.push_back([alive, answer = std::move(answer)] {
            if (*alive)
                answer();
        });
        return std::make_unique<Asked>(alive);
    }

    std::deque<std::function<void()>> m_due;
};

} // namespace postern::test
