// SPDX-License-Identifier: GPL-3.0-or-later
//
// Any bytes as a whole configuration, compiled in each era: advice and errors are one line each and point into the text, and
// a rule called unreached decides for no recipient.
#include "policy/compile.h"
#include "policy/match.h"
#include "policy/rule_order.h"
#include "require.h"
#include "support/memory_file_store.h"

#include <algorithm>
#include <array>

using namespace postern;
using namespace postern::policy;
using postern::test::require;

namespace {

MatchContext context(int number) {
    static const std::array<QByteArray, 4> clients{"127.0.0.1", "192.0.2.7", "10.1.1.1", "2001:db8::1"};
    static const std::array<QByteArray, 4> mail{"a@a.test", "b@x.a.test", "c@localhost", "ann+x@b.test"};
    MatchContext made;
    made.clientAddress = clients[size_t(number) % 4];
    made.isLocalAddress = number % 4 == 0;
    made.isSocket = number % 11 == 0;
    made.isAuthenticated = number % 3 == 0;
    made.user = made.isAuthenticated ? "ann" : "";
    made.helo = "a.test";
    made.tag = number % 5 == 0 ? "IN" : "";
    made.sender = number % 7 == 0 ? QByteArray() : mail[size_t(number / 2) % 4];
    made.recipient = mail[size_t(number / 4) % 4];
    made.localNames = {"localhost"};
    return made;
}

void check(const QByteArray& text, Era era) {
    test::MemoryFileStore files;
    files.put("/p/t", "a.test\nx.a.test\n");
    CompileOptions options;
    options.dialect = era;
    const Compiled made = compileText(files, "/p/smtpd.conf", text, options);
    for (const config::Diagnostic& one : made.diagnostics) {
        require(!one.text.isEmpty() && !one.text.contains('\n'), "a diagnostic is one line", one.text);
        require(one.offset >= 0 && one.length >= 0 && one.line >= 1 && one.column >= 1, "it has a place", one.text);
        require(one.file != "/p/smtpd.conf" || one.offset + one.length <= text.size(), "it is about the text", one.text);
    }
    const std::vector<Unreached> unreached = unreachedRules(*made.ruleset);
    for (int number = 0; number < 24; ++number) {
        match(made.ruleset, context(number), WantTrace::No, [&](const Verdict& verdict) {
            require(!verdict.rule || std::none_of(unreached.begin(), unreached.end(),
                                                  [&](const Unreached& one) {
                                                      return verdict.rule == &made.ruleset->rules[one.rule];
                                                  }),
                    "an unreached rule never decides", verdict.rule ? verdict.rule->text : QByteArray());
        });
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
    const QByteArray text = postern::test::bytesOf(data, size);
    for (const Era era : std::array{Era::Map2012, Era::Legacy, Era::Modern})
        check(text, era);
    return 0;
}
