// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/queue/queue_page.h"

#include "window/link/gateway_link.h"
#include "window/message/save_message.h"
#include "window/overview/needs_you.h"
#include "window/queue/pending_removal.h"
#include "window/queue/queue_loader.h"
#include "window/queue/queue_view.h"
#include "window/theme/line_icon.h"
#include "window/theme/theme.h"
#include "window/widgets/action_button.h"
#include "window/widgets/banner.h"
#include "window/widgets/buttons.h"
#include "window/widgets/labels.h"
#include "window/widgets/undo_bar.h"
#include "window/words/phrases.h"
#include "window/words/safe_text.h"

#include <QAction>
#include <QLineEdit>
#include <QMessageBox>
#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <utility>

using namespace Qt::StringLiterals;

namespace postern::window {

QueuePage::QueuePage(GatewayLink& link, QWidget* parent) : Page(parent), m_link(link) {
    setObjectName(u"queuePage"_s);
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    m_model = new QueueModel(this);
    m_loader = new QueueLoader(link, {u"waiting"_s, u"sending"_s, u"held"_s}, this);
    m_removal = new PendingRemoval(link, this);

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 14, 0, 0);
    column->setSpacing(0);
    auto* top = new QVBoxLayout;
    top->setContentsMargins(20, 0, 20, 10);
    top->setSpacing(10);
    m_header = new PageHeader(tr("Queue"));
    m_tryAll = new QPushButton(lineIcon(u"refresh"_s), tr("Try all now"));
    m_tryAll->setAutoDefault(false);
    connect(m_tryAll, &QAbstractButton::clicked, this, [this] {
        m_link.ask("queue.retry"_ba, {{u"all"_s, true}}, this, [this](const control::Reply& reply) {
            if (!reply.ok)
                tellTrouble(this, tr("Trying again did not work"), reply.error);
            m_loader->refreshNow();
        });
    });
    m_header->end()->addWidget(m_tryAll);
    top->addWidget(m_header);
    m_banners = new BannerStack;
    connect(m_banners, &BannerStack::pressed, this, &QueuePage::resumeAsked);
    top->addWidget(m_banners);
    makeTools(top);
    column->addLayout(top);
    column->addWidget(new Hairline);

    m_view = new QueueView(m_model);
    m_empty = new EmptyState(u"queue"_s, tr("Nothing is waiting."));
    m_body = new QStackedWidget;
    m_body->addWidget(m_view);
    m_body->addWidget(m_empty);
    column->addWidget(m_body, 1);
    makeFoot(column);

    connect(m_loader, &QueueLoader::loaded, this, [this] {
        showRows();
        if (std::exchange(m_wasChanged, false))
            selectNext();
        selectWanted();
    });
    connect(m_loader, &QueueLoader::failed, this, [this](const QString&) { showRows(); });
    connect(m_removal, &PendingRemoval::changed, this, [this] {
        m_model->setHidden(m_removal->hidden());
        m_undo->showRemoved(m_removal->count());
        showRows();
        selectNext();
    });
    connect(m_removal, &PendingRemoval::removed, m_loader, &QueueLoader::refreshNow);
    connect(m_removal, &PendingRemoval::failed, this,
            [this](const QString& reason) { tellTrouble(this, tr("Nothing was removed"), reason); });
    offerActions(m_view, this);
    connect(m_view, &QueueView::cureAsked, this, &QueuePage::carryOut);
    connect(m_view, &QueueView::rowOpened, this, &QueuePage::messageOpened);
    connect(m_view, &QueueView::selectionMoved, this, &QueuePage::showSelection);
    showRows();
}

void QueuePage::makeTools(QVBoxLayout* column) {
    const auto make = [this](const QString& icon, const QString& text, const QString& key) {
        auto* action = new QAction(lineIcon(icon), text, this);
        action->setShortcut(QKeySequence(key));
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        addAction(action);
        return action;
    };
    m_open = make(u"eye"_s, tr("What happened?"), u"Ctrl+I"_s);
    m_tryNow = make(u"refresh"_s, tr("Try now"), u"Ctrl+T"_s);
    m_hold = make(u"hold"_s, tr("Hold"), u"Ctrl+H"_s);
    m_release = make(u"play"_s, tr("Release"), u"Ctrl+Shift+H"_s);
    m_save = make(u"export"_s, tr("Save as file…"), u"Ctrl+S"_s);
    m_remove = make(u"remove"_s, tr("Remove"), u"Del"_s);
    connect(m_open, &QAction::triggered, this, [this] {
        if (const auto* row = m_view->currentRow())
            Q_EMIT messageOpened(row->id);
    });
    connect(m_tryNow, &QAction::triggered, this, [this] { carryOut(Cure::TryNow, m_view->selectedIds()); });
    connect(m_hold, &QAction::triggered, this,
            [this] { change("queue.hold"_ba, m_view->selectedIds(), tr("Holding did not work")); });
    connect(m_release, &QAction::triggered, this, [this] { carryOut(Cure::Release, m_view->selectedIds()); });
    connect(m_save, &QAction::triggered, this, [this] {
        const QStringList ids = m_view->selectedIds();
        QList<SavedMessage> messages; // one a message, whatever its recipients
        QSet<QString> seen;
        for (const auto& row : m_loader->rows()) {
            if (!ids.contains(row.id) || seen.contains(row.message))
                continue;
            seen.insert(row.message);
            messages.append({row.id, row.subject});
        }
        saveMessages(this, m_link, messages);
    });
    connect(m_remove, &QAction::triggered, this, [this] { askToRemove(m_view->selectedIds()); });

    m_tools = new QWidget;
    auto* row = new QHBoxLayout(m_tools);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(7);
    for (QAction* action : {m_tryNow, m_hold, m_release, m_save, m_remove})
        row->addWidget(new ActionButton(action));
    row->addStretch(1);
    m_selected = makeLabel(LabelKind::Dim);
    row->addWidget(m_selected);
    m_filter = new QLineEdit;
    m_filter->setObjectName(u"queueFilter"_s);
    m_filter->setPlaceholderText(tr("Filter…"));
    m_filter->setAccessibleName(tr("Filter the queue"));
    m_filter->addAction(lineIcon(u"filter"_s), QLineEdit::LeadingPosition);
    m_filter->setClearButtonEnabled(true);
    m_filter->setProperty("small", true);
    m_filter->setMinimumWidth(120);
    m_filter->setMaximumWidth(180);
    row->addWidget(m_filter);
    connect(m_filter, &QLineEdit::textChanged, this, [this](const QString& text) {
        m_model->setFilter(text);
        showRows();
    });
    column->addWidget(m_tools);
}

void QueuePage::makeFoot(QVBoxLayout* column) {
    auto* moreRow = new QHBoxLayout;
    moreRow->setContentsMargins(20, 2, 20, 2);
    m_more = new LinkButton;
    m_more->hide();
    connect(m_more, &QAbstractButton::clicked, m_loader, &QueueLoader::showMore);
    moreRow->addWidget(m_more);
    moreRow->addStretch(1);
    column->addLayout(moreRow);
    m_undo = new UndoBar;
    connect(m_undo, &UndoBar::undone, m_removal, &PendingRemoval::undo);
    column->addWidget(m_undo);

    m_foot = new QWidget;
    m_foot->setBackgroundRole(QPalette::Window);
    m_foot->setAutoFillBackground(true);
    auto* outer = new QVBoxLayout(m_foot);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->setSpacing(0);
    outer->addWidget(new Hairline);
    auto* row = new QHBoxLayout;
    row->setContentsMargins(20, 10, 20, 10);
    row->setSpacing(12);
    auto* words = new QVBoxLayout;
    words->setSpacing(2);
    m_footTitle = new ElidedLabel(LabelKind::Section);
    m_footWords = new ElidedLabel(LabelKind::Small);
    words->addWidget(m_footTitle);
    words->addWidget(m_footWords);
    row->addLayout(words, 1);
    auto* open = new QPushButton(tr("What happened?"));
    open->setAutoDefault(false);
    connect(open, &QAbstractButton::clicked, m_open, &QAction::trigger);
    row->addWidget(open);
    outer->addLayout(row);
    m_foot->hide();
    column->addWidget(m_foot);
}

void QueuePage::shown() {
    m_loader->setActive(true);
}

void QueuePage::hideEvent(QHideEvent* event) {
    Page::hideEvent(event);
    m_loader->setActive(false);
}

bool QueuePage::escape() {
    if (m_filter->text().isEmpty())
        return false;
    m_filter->clear();
    m_view->setFocus();
    return true;
}

void QueuePage::showState(const LinkState& state) {
    QList<BannerText> banners;
    for (const BannerText& banner : needsYou(state, m_link.status())) {
        if (buttonRemedy(banner.id) == Remedy::ResumeSending)
            banners.append(banner);
    }
    m_banners->setBanners(banners);
    if (isEnabled() != state.isThere) {
        setEnabled(state.isThere);
        showRows();
    }
}

void QueuePage::showRows() {
    QHash<QString, QString> troubles;
    for (const auto& relay : m_link.status().relays) {
        if (relay.state == u"failing")
            troubles.insert(relay.name, relay.detail);
    }
    m_model->setTroubles(troubles);
    m_model->setRows(m_loader->rows(), m_loader->isComplete(), m_link.status().relayPaused, m_link.now());
    const int hidden = static_cast<int>(m_removal->hidden().size());
    const int shown = m_model->rowTotal();
    const int total = m_loader->isComplete() && m_filter->text().isEmpty() ? shown : std::max(0, m_loader->total() - hidden);
    if (!m_link.isThere())
        m_header->setLine(notRunningWords());
    else if (!m_loader->wasLoaded())
        m_header->setLine(tr("Looking into the queue…"));
    else if (total == 0)
        m_header->setLine(tr("Messages that cannot leave at once wait here, safe on this computer"));
    else
        m_header->setLine(tr("%n message(s) are safe on this computer and waiting to leave", nullptr, total));
    m_tryAll->setVisible(total > 0);
    m_tools->setVisible(total > 0 || !m_filter->text().isEmpty());
    if (shown > 0) {
        m_body->setCurrentWidget(m_view);
    } else if (m_loader->wasLoaded()) {
        m_empty->setSentence(m_filter->text().isEmpty() ? tr("Nothing is waiting.")
                                                        : tr("No message matches “%1”.").arg(safeLine(m_filter->text(), 60)));
        qint64 last = 0;
        for (const auto& relay : m_link.status().relays)
            last = std::max(last, relay.lastSentAt);
        m_empty->setDetail(last > 0 ? tr("The last message left at %1.").arg(whenWords(last, m_link.now())) : QString());
        m_body->setCurrentWidget(m_empty);
    }
    m_more->setVisible(!m_loader->isComplete());
    if (!m_loader->isComplete()) {
        m_more->setText(tr("Showing %1 of %2. Show more").arg(countWords(m_loader->rows().size()), countWords(m_loader->total())));
        m_more->updateGeometry();
    }
    showSelection();
}

// The row to go on with when those are gone from their group: the one below the current one, else the one above.
QString QueuePage::behind(const QStringList& ids) const {
    const QModelIndex at = m_view->currentIndex();
    const int count = m_model->rowCount(at.parent());
    const auto free = [&](int row) {
        const auto* one = m_model->row(at.siblingAtRow(row));
        return one && !ids.contains(one->id) ? one->id : QString();
    };
    QString found;
    for (int row = at.row() + 1; m_model->row(at) && found.isEmpty() && row < count; ++row)
        found = free(row);
    for (int row = at.row() - 1; m_model->row(at) && found.isEmpty() && row >= 0; --row)
        found = free(row);
    return found;
}

// After a change by hand the place in the list stays, so that the same key goes on with the next. Never after a change
// that came by itself: a key pressed just then would hit another message than the one that was looked at.
void QueuePage::selectNext() {
    const QString id = std::exchange(m_goOnWith, {});
    const QModelIndex at = m_model->find(id);
    if (m_view->selectionModel()->hasSelection() || !at.isValid())
        return;
    m_view->selectionModel()->setCurrentIndex(at, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
}

void QueuePage::showRelay(const QString& relay) {
    m_wantedRelay = relay;
    m_filter->clear();
    m_loader->refreshNow();
}

void QueuePage::selectWanted() {
    const QString wanted = std::exchange(m_wantedRelay, {});
    for (int group = 0; group < m_model->rowCount() && !wanted.isEmpty(); ++group) {
        const QModelIndex at = m_model->index(group, 0);
        const auto* first = m_model->row(m_model->index(0, 0, at));
        if (!first || first->relay != wanted || first->state != u"waiting")
            continue;
        m_view->selectionModel()->setCurrentIndex(at, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
        m_view->scrollTo(at, QAbstractItemView::PositionAtTop);
        m_view->setFocus(Qt::OtherFocusReason);
        return;
    }
}

void QueuePage::showSelection() {
    const QStringList ids = m_view->selectedIds();
    const bool some = !ids.isEmpty();
    const auto* row = some ? m_view->currentRow() : nullptr;
    bool someHeld = false;
    bool someFree = false;
    for (const QModelIndex& index : m_view->selectionModel()->selectedRows()) {
        const auto* one = m_model->row(index);
        const auto* reason = m_model->reason(index);
        const bool isHeld = one ? one->state == u"held" : reason && reason->cure == Cure::Release;
        someHeld = someHeld || isHeld;
        someFree = someFree || !isHeld;
    }
    m_tryNow->setEnabled(someFree);
    m_hold->setEnabled(someFree);
    m_release->setVisible(someHeld);
    m_hold->setVisible(!someHeld || someFree);
    m_remove->setEnabled(some);
    m_save->setEnabled(some);
    m_open->setEnabled(row != nullptr);
    m_selected->setText(ids.isEmpty() ? QString() : tr("%1 of %2 selected").arg(countWords(ids.size()), countWords(m_model->rowTotal())));
    m_foot->setVisible(row != nullptr && m_body->currentWidget() == m_view);
    if (!row)
        return;
    const QString subject = row->subject.isEmpty() ? tr("(no subject)") : safeLine(row->subject, 300);
    m_footTitle->setFullText(tr("%1 to %2", "subject, recipient").arg(isolated(subject), leftToRight(safeLine(row->recipient))));
    if (row->lastError.isEmpty())
        m_footWords->setFullText(row->tries == 0 ? tr("Not tried yet.") : tr("No answer yet."));
    else
        m_footWords->setFullText(tr("Last answer, %1, %2: %3", "relay, time, words")
                                     .arg(isolated(relayWords(row->relay)), whenWords(row->lastTryAt, m_link.now()),
                                          leftToRight(safeLine(row->lastError))));
}

void QueuePage::change(const QByteArray& verb, const QStringList& ids, const QString& whenRefused) {
    if (ids.isEmpty())
        return;
    m_goOnWith = behind(ids);
    m_link.ask(verb, {{u"ids"_s, QJsonArray::fromStringList(ids)}}, this, [this, whenRefused](const control::Reply& reply) {
        if (!reply.ok)
            tellTrouble(this, whenRefused, reply.error);
        m_wasChanged = true;
        m_loader->refreshNow();
        m_link.refresh();
    });
}

void QueuePage::carryOut(Cure cure, const QStringList& ids) {
    switch (cure) {
    case Cure::None:
        break;
    case Cure::TryNow:
        change("queue.retry"_ba, ids, tr("Trying again did not work"));
        break;
    case Cure::Release:
        change("queue.release"_ba, ids, tr("Releasing did not work"));
        break;
    case Cure::ResumeSending:
        Q_EMIT resumeAsked();
        break;
    }
}

// One is taken back easily; of many, somebody may not know how many they are.
void QueuePage::askToRemove(const QStringList& ids) {
    if (ids.size() <= 1) {
        removeLater(ids);
        return;
    }
    auto* box = new QMessageBox(QMessageBox::NoIcon, window()->windowTitle(),
                                tr("Remove %n message(s)?", nullptr, static_cast<int>(ids.size())), QMessageBox::Cancel, this);
    box->setObjectName(u"removeQuestion"_s);
    box->setTextFormat(Qt::PlainText);
    box->setInformativeText(tr("They are not sent, and their senders are not told. You can take this back for 10 seconds."));
    const QPushButton* remove = box->addButton(tr("Remove"), QMessageBox::DestructiveRole);
    box->setDefaultButton(QMessageBox::Cancel);
    box->setAttribute(Qt::WA_DeleteOnClose);
    connect(box, &QMessageBox::buttonClicked, this, [this, remove, ids](const QAbstractButton* button) {
        if (button == remove)
            removeLater(ids);
    });
    box->open();
}

void QueuePage::removeLater(const QStringList& ids) {
    m_goOnWith = behind(ids);
    m_removal->remove(ids);
}

} // namespace postern::window
