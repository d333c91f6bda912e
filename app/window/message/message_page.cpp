// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/message/message_page.h"

#include "window/link/gateway_link.h"
#include "window/message/save_message.h"
#include "window/message/story_step.h"
#include "window/theme/line_icon.h"
#include "window/theme/theme.h"
#include "window/widgets/action_button.h"
#include "window/widgets/buttons.h"
#include "window/widgets/labels.h"
#include "window/words/phrases.h"
#include "window/words/safe_text.h"

#include <QAction>
#include <QHBoxLayout>
#include <QScrollArea>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

void clear(QVBoxLayout& layout) {
    while (QLayoutItem* item = layout.takeAt(0)) {
        delete item->widget();
        delete item;
    }
}

} // namespace

MessagePage::MessagePage(GatewayLink& link, QWidget* parent) : Page(parent), m_link(link) {
    setObjectName(u"messagePage"_s);
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    const auto make = [this](const QString& icon, const QString& text, const QString& key, auto done) {
        auto* action = new QAction(lineIcon(icon), text, this);
        action->setShortcut(QKeySequence(key));
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        connect(action, &QAction::triggered, this, done);
        addAction(action);
        return action;
    };
    m_tryNow = make(u"refresh"_s, tr("Try now"), u"Ctrl+T"_s, [this] { change("queue.retry"_ba); });
    m_hold = make(u"hold"_s, tr("Hold"), u"Ctrl+H"_s, [this] { change("queue.hold"_ba); });
    m_release = make(u"play"_s, tr("Release"), u"Ctrl+Shift+H"_s, [this] { change("queue.release"_ba); });
    m_save = make(u"export"_s, tr("Save as file…"), u"Ctrl+S"_s,
                  [this] { saveMessage(this, m_link, m_id, m_rows.isEmpty() ? QString() : m_rows.first().subject); });
    m_remove = make(u"remove"_s, tr("Remove"), u"Ctrl+Del"_s, [this] {
        QStringList ids;
        for (const auto& row : std::as_const(m_rows))
            ids << row.id;
        Q_EMIT removeAsked(ids, m_fromPage);
    });

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 10, 0, 0);
    column->setSpacing(0);
    auto* top = new QVBoxLayout;
    top->setContentsMargins(20, 0, 20, 12);
    top->setSpacing(4);
    m_back = new LinkButton;
    connect(m_back, &QAbstractButton::clicked, this, [this] { Q_EMIT backAsked(m_fromPage); });
    top->addWidget(m_back, 0, Qt::AlignLeading);
    m_header = new PageHeader(QString());
    m_stand = new StateButton;
    m_stand->setFocusPolicy(Qt::NoFocus);
    m_header->end()->addWidget(m_stand);
    top->addWidget(m_header);
    column->addLayout(top);
    column->addWidget(new Hairline);

    auto* halves = new QHBoxLayout;
    halves->setSpacing(0);
    auto* area = new QScrollArea;
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_story = new QWidget;
    m_story->setBackgroundRole(QPalette::Base);
    m_story->setAutoFillBackground(true);
    m_story->setAccessibleName(tr("What happened"));
    auto* storyColumn = new QVBoxLayout(m_story);
    storyColumn->setContentsMargins(16, 16, 20, 16);
    m_steps = new QVBoxLayout;
    m_steps->setSpacing(0);
    storyColumn->addLayout(m_steps);
    storyColumn->addStretch(1);
    area->setWidget(m_story);
    halves->addWidget(area, 1);

    auto* side = new QWidget;
    side->setBackgroundRole(QPalette::AlternateBase);
    side->setAutoFillBackground(true);
    side->setFixedWidth(270);
    auto* sideColumn = new QVBoxLayout(side);
    sideColumn->setContentsMargins(18, 14, 18, 16);
    sideColumn->setSpacing(8);
    sideColumn->addWidget(makeLabel(LabelKind::Section, tr("Details")));
    m_facts = new QVBoxLayout;
    m_facts->setSpacing(3);
    sideColumn->addLayout(m_facts);
    for (QAction* action : {m_tryNow, m_hold, m_release, m_save, m_remove})
        sideColumn->addWidget(new ActionButton(action), 0, Qt::AlignLeading);
    sideColumn->addStretch(1);
    auto* sideArea = new QScrollArea;
    sideArea->setWidgetResizable(true);
    sideArea->setFrameShape(QFrame::NoFrame);
    sideArea->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    sideArea->setFixedWidth(282);
    sideArea->setWidget(side);
    sideArea->setFocusPolicy(Qt::NoFocus);
    sideArea->viewport()->setBackgroundRole(QPalette::AlternateBase);
    halves->addWidget(sideArea);
    column->addLayout(halves, 1);
    connect(&m_link, &GatewayLink::queueChanged, this, [this] {
        if (isVisible())
            refresh();
    });
}

void MessagePage::open(const QString& envelopeId, const QString& fromPage, const QString& fromTitle) {
    m_id = envelopeId;
    m_fromPage = fromPage;
    m_message = envelopeId.left(8);
    m_rows.clear();
    m_last = {};
    m_back->setText(tr("Back to %1", "name of a page").arg(fromTitle));
    m_back->updateGeometry();
    showRows();
    refresh();
}

bool MessagePage::escape() {
    Q_EMIT backAsked(m_fromPage);
    return true;
}

void MessagePage::refresh() {
    m_link.ask("queue.show"_ba, {{u"id"_s, m_id}}, this, [this, id = m_id](const control::Reply& reply) {
        if (id != m_id)
            return; // another message was opened meanwhile
        m_rows.clear();
        for (const auto& json : reply.value.toObject()[u"rows"_s].toArray())
            m_rows.append(control::QueueRow::fromJson(json.toObject()));
        if (!m_rows.isEmpty()) {
            m_last = m_rows.first();
            m_message = m_last.message;
        }
        showRows();
    });
}

void MessagePage::change(const QByteArray& verb) {
    QJsonArray ids;
    for (const auto& row : std::as_const(m_rows))
        ids.append(row.id);
    m_link.ask(verb, {{u"ids"_s, ids}}, this, [this](const control::Reply& reply) {
        if (!reply.ok)
            tellTrouble(this, tr("This did not work"), reply.error);
        refresh();
        m_link.refresh();
    });
}

void MessagePage::showRows() {
    const bool isThere = !m_rows.isEmpty();
    const QString subject = m_last.subject.isEmpty() ? tr("Message without a subject") : safeLine(m_last.subject, 300);
    m_header->setTitle(isolated(subject));
    QStringList line;
    if (!m_last.recipient.isEmpty())
        line << tr("%1 to %2", "sender, recipient")
                    .arg(m_last.sender.isEmpty() ? tr("a notice") : leftToRight(safeLine(m_last.sender)), leftToRight(safeLine(m_last.recipient)));
    if (m_rows.size() > 1)
        line << tr("%n recipient(s)", nullptr, static_cast<int>(m_rows.size()));
    if (m_last.size > 0)
        line << sizeWords(m_last.size);
    m_header->setLine(line.join(u" · "_s));
    const StandWords stand = standOf(m_rows);
    m_stand->setState(stand.tone, stand.icon, stand.words, false);

    QList<control::ActivityEvent> own;
    for (const auto& event : m_link.recent()) {
        if (!event.message.isEmpty() && event.message == m_message)
            own.append(event);
    }
    clear(*m_steps);
    const auto steps = storyOf(m_rows, own.mid(std::max<qsizetype>(0, own.size() - 60)), m_link.status().relayPaused, m_link.now());
    for (qsizetype i = 0; i < steps.size(); ++i)
        m_steps->addWidget(new StoryStepWidget(steps.at(i), i + 1 == steps.size(), isThere && m_rows.first().state == u"waiting" ? m_tryNow : nullptr));
    if (steps.isEmpty())
        m_steps->addWidget(makeLabel(LabelKind::Dim, tr("This message is no longer in the queue, and what happened to it is no "
                                                        "longer remembered.")));
    clear(*m_facts);
    for (const Fact& fact : factsOf(m_rows, m_link.now())) {
        m_facts->addWidget(makeLabel(LabelKind::Small, fact.name));
        auto* value = makeLabel(fact.isLiteral ? LabelKind::Fixed : LabelKind::Body, fact.value);
        value->setWordWrap(true);
        value->setTextInteractionFlags(Qt::TextSelectableByMouse);
        m_facts->addWidget(value);
        m_facts->addWidget(new Hairline);
    }
    const QString state = isThere ? m_rows.first().state : QString();
    m_tryNow->setVisible(state == u"waiting");
    m_hold->setVisible(state == u"waiting");
    m_release->setVisible(state == u"held");
    m_save->setVisible(isThere);
    m_remove->setVisible(isThere);
}

} // namespace postern::window
