// SPDX-License-Identifier: GPL-3.0-or-later
//
// One libunbound context on an event loop: queries go in, RawAnswers come out of the loop. Knows no MX, no hosts file.
//
// libunbound works in a thread of its own and makes a descriptor readable when answers wait; its settings are final
// with the first query, so a changed system set-up needs a new context while old queries finish in the old one.
// Thread: its own. Lifetime: outlives its queries; cancel() before what `done` refers to goes away.
// Failure: a context that could not be set up fails every query with the reason.
#pragma once

#include "base/result.h"
#include "dns/answers.h"
#include "dns/resolver.h"

#include <functional>
#include <memory>
#include <unordered_map>

class QSocketNotifier;
struct ub_ctx;
struct ub_result;

namespace postern::dns {

enum class RecordType : int { A = 1, Ptr = 12, Mx = 15, Aaaa = 28 };

class UnboundContext {
  public:
    using Done = std::function<void(RawAnswer)>; // from the event loop; may ask and cancel

    explicit UnboundContext(const ResolverSettings& settings);
    ~UnboundContext();
    UnboundContext(const UnboundContext&) = delete;
    UnboundContext& operator=(const UnboundContext&) = delete;

    // An id for cancel(), or the reason why it cannot be asked.
    Result<int> ask(const QByteArray& name, RecordType type, Done done);
    void cancel(int id);

  private:
    struct Query {
        UnboundContext* context;
        int id = 0;
        Done done;
    };
    static void onAnswer(void* query, int error, ub_result* result);
    bool set(const char* option, const char* value);

    ub_ctx* m_context = nullptr;
    QByteArray m_broken; // why nothing can be asked
    std::unordered_map<int, std::unique_ptr<Query>> m_queries;
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace postern::dns
