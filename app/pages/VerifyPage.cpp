#include "app/pages/VerifyPage.h"

#include "db/ImageRepository.h"
#include "db/TagRepository.h"
#include "db/VerdictRepository.h"
#include "model/eval/Interval.h"
#include "widgets/CaptionLabel.h"
#include "widgets/ProgressSummary.h"
#include "widgets/TagChipBar.h"

#include <QFileInfo>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace tagalign::app {

namespace {

struct ImageTags
{
    QList<db::Caption> captions;
    QList<db::Candidate> candidates;
};

QString userName()
{
    const QString name = qEnvironmentVariable("USER");
    return name.isEmpty() ? QStringLiteral("user") : name;
}

QString promptOf(const db::Candidate& candidate)
{
    return candidate.owner.isEmpty() ? candidate.display
                                     : candidate.display + QLatin1Char(' ') + candidate.owner;
}

} // namespace

VerifyPage::VerifyPage(Workspace& workspace, QWidget* parent)
    : QWidget(parent),
      m_workspace(workspace),
      m_title(new QLabel(this)),
      m_view(new widgets::HeatmapView(this)),
      m_caption(new widgets::CaptionLabel(this)),
      m_chips(new widgets::TagChipBar(this)),
      m_progress(new widgets::ProgressSummary(this)),
      m_saved(new QLabel(tr("all saved"), this))
{
    setFocusPolicy(Qt::StrongFocus);
    m_view->setFocusPolicy(Qt::NoFocus); // the keys belong to the page
    m_view->setHint(tr("No tags to verify yet. Import pictures with captions first."));
    m_title->setForegroundRole(QPalette::PlaceholderText);
    m_saved->setForegroundRole(QPalette::PlaceholderText);
    auto* buttons = new QHBoxLayout;
    const auto addButton = [&](const QString& text, const QString& tip, auto slot) {
        auto* button = new QPushButton(text, this);
        button->setFocusPolicy(Qt::NoFocus);
        button->setToolTip(tip);
        connect(button, &QPushButton::clicked, this, slot);
        buttons->addWidget(button);
    };
    addButton(tr("Accept  A"), tr("The tag is there"), [this] { decide(db::State::Accepted); });
    addButton(tr("Reject  X"), tr("The tag is not there"), [this] { decide(db::State::Rejected); });
    addButton(tr("Unsure  Space"), tr("It cannot be told"), [this] { decide(db::State::Unsure); });
    addButton(tr("Undo  ⌫"), tr("Take the last verdict back"), [this] { undo(); });
    addButton(tr("Heatmap  H"), tr("Where the model sees this tag"), [this] { toggleHeatmap(); });
    buttons->addStretch();
    buttons->addWidget(m_saved);
    auto* top = new QHBoxLayout;
    top->addWidget(m_progress);
    top->addStretch();
    top->addWidget(m_title);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * widgets::kGrid, 2 * widgets::kGrid, 2 * widgets::kGrid,
                               2 * widgets::kGrid);
    layout->addLayout(top);
    layout->addWidget(m_view, 1);
    layout->addWidget(m_caption);
    layout->addWidget(m_chips);
    layout->addLayout(buttons);
    connect(m_chips, &widgets::TagChipBar::currentChanged, this, &VerifyPage::showChip);
    connect(&workspace, &Workspace::imagesChanged, this, &VerifyPage::reload);
    connect(&workspace, &Workspace::tagsChanged, this, &VerifyPage::reload);
    reload();
}

void VerifyPage::reload()
{
    m_workspace.session.ask(
        this,
        [](db::Database& database) { return db::ImageRepository(database.connection()).images(); },
        [this](const QList<db::Image>& images) {
            m_images = images;
            showImage(images.isEmpty() ? -1 : std::clamp(m_position, 0, int(images.size()) - 1));
        });
    showProgress();
}

void VerifyPage::showImage(int position)
{
    m_position = position;
    if (position < 0) {
        return;
    }
    const db::Image image = m_images.at(position);
    m_title->setText(tr("%1 · %2 of %3")
                         .arg(QFileInfo(image.path).fileName())
                         .arg(position + 1)
                         .arg(m_images.size()));
    m_view->setHeatmap({});
    m_workspace.loadImage(this, image.path, [this, id = image.id](const QImage& picture) {
        if (m_position >= 0 && m_images.at(m_position).id == id) { // still wanted
            m_view->setHint(tr("The picture cannot be read; was it moved?"));
            m_view->setImage(picture);
        }
    });
    m_workspace.session.ask(
        this,
        [id = image.id](db::Database& database) {
            return ImageTags{db::ImageRepository(database.connection()).captionsOf(id),
                             db::TagRepository(database.connection()).candidatesOf(id)};
        },
        [this, id = image.id](const ImageTags& tags) {
            if (m_position >= 0 && m_images.at(m_position).id == id) {
                fill(tags.captions, tags.candidates);
            }
        });
}

void VerifyPage::fill(const QList<db::Caption>& captions, const QList<db::Candidate>& candidates)
{
    m_captions.clear();
    for (const db::Caption& caption : captions) {
        m_captions.insert(caption.id, caption.text);
    }
    m_candidates = candidates;
    QList<widgets::TagChip> chips;
    int firstPending = -1;
    for (const db::Candidate& candidate : candidates) {
        if (firstPending < 0 && candidate.state == db::State::Pending) {
            firstPending = int(chips.size());
        }
        chips.append({.text = candidate.display,
                      .isAttribute = candidate.kind == db::TagKind::Attribute,
                      .owner = candidate.owner,
                      .state = stateOf(candidate.state),
                      .toolTip = m_captions.value(candidate.caption)});
    }
    m_chips->setChips(chips);
    m_chips->setCurrent(std::max(firstPending, 0));
    m_looking.start();
}

void VerifyPage::showChip(int chip)
{
    if (chip < 0) {
        m_caption->setCaption(m_captions.isEmpty() ? QString() : *m_captions.cbegin(), 0, 0);
        return;
    }
    const db::Candidate& candidate = m_candidates.at(chip);
    const QString caption = m_captions.value(candidate.caption);
    const QByteArray bytes = caption.toUtf8();
    const int start = int(QString::fromUtf8(bytes.left(candidate.spanStart)).size());
    const int length =
        int(QString::fromUtf8(bytes.mid(candidate.spanStart, candidate.spanLength)).size());
    m_caption->setCaption(caption, start, length);
    m_looking.start();
    if (m_isHeatmapOn) {
        requestHeatmap();
    }
}

void VerifyPage::decide(db::State state)
{
    const int chip = m_chips->current();
    if (chip < 0) {
        return;
    }
    // What is on screen at the key press is what is judged, whatever loads later.
    m_candidates[chip].state = state;
    m_chips->setState(chip, stateOf(state));
    m_saved->setText(tr("saving…"));
    const db::VerdictRepository::Decision decision{m_candidates.at(chip).id, state,
                                                   int(m_looking.restart())};
    m_workspace.session.ask(
        this,
        [decision, who = userName()](db::Database& database) {
            db::VerdictRepository(database.connection()).decide({decision}, who);
        },
        [this] {
            m_saved->setText(tr("all saved"));
            showProgress();
        });
    advance();
}

void VerifyPage::advance()
{
    const int count = int(m_candidates.size());
    for (int step = 1; step < count; ++step) {
        const int chip = (m_chips->current() + step) % count;
        if (m_candidates.at(chip).state == db::State::Pending) {
            m_chips->setCurrent(chip);
            return;
        }
    }
    // The session answers in order: the next image comes after the verdict is stored.
    if (m_position + 1 < m_images.size()) {
        showImage(m_position + 1);
    }
}

void VerifyPage::undo()
{
    m_workspace.session.ask(
        this,
        [who = userName()](db::Database& database) {
            const auto changed = db::VerdictRepository(database.connection()).undo(who);
            return changed.isEmpty() ? db::ImageId{}
                                     : db::TagRepository(database.connection())
                                           .imageOf(changed.first().candidate);
        },
        [this](db::ImageId changed) {
            for (int i = 0; i < m_images.size(); ++i) {
                if (m_images.at(i).id == changed) {
                    showImage(i);
                }
            }
            showProgress();
        });
}

void VerifyPage::showProgress()
{
    m_workspace.session.ask(
        this,
        [](db::Database& database) { return db::ImageRepository(database.connection()).counts(); },
        [this](const db::Counts& counts) {
            const int judged = counts.accepted + counts.rejected;
            if (judged == 0) {
                m_progress->setNumbers(counts.unsure, counts.candidates, -1.0, 0.0, 0.0);
                return;
            }
            const auto interval = model::eval::wilsonInterval(counts.accepted, judged);
            m_progress->setNumbers(judged + counts.unsure, counts.candidates,
                                   double(counts.accepted) / judged, interval.low, interval.high);
        });
}

void VerifyPage::toggleHeatmap()
{
    m_isHeatmapOn = !m_isHeatmapOn;
    if (m_isHeatmapOn) {
        requestHeatmap();
    } else {
        m_view->setHeatmap({});
    }
}

void VerifyPage::requestHeatmap()
{
    const int chip = m_chips->current();
    if (chip < 0 || m_position < 0) {
        return;
    }
    const db::Image& image = m_images.at(m_position);
    m_workspace.prompts.heatmaps(
        this,
        {m_workspace.project().absolutePath(image.path), image.sha256,
         promptOf(m_candidates.at(chip))},
        [this](const model::pipeline::HeatmapPair& pair) {
            if (!m_isHeatmapOn) {
                return;
            }
            const widgets::Heatmap map = heatmapOf(pair.after ? *pair.after : pair.before);
            const auto [least, most] = std::minmax_element(map.values.cbegin(), map.values.cend());
            m_view->setScale(widgets::ColorMap::Viridis, *least, std::max(*most, *least + 1e-4F));
            m_view->setHeatmap(map);
        });
}

bool VerifyPage::focusNextPrevChild(bool)
{
    return false; // Tab moves between chips
}

void VerifyPage::keyPressEvent(QKeyEvent* event)
{
    const int key = event->key();
    const int chips = int(m_candidates.size());
    if (key == Qt::Key_A) {
        decide(db::State::Accepted);
    } else if (key == Qt::Key_X) {
        decide(db::State::Rejected);
    } else if (key == Qt::Key_Space) {
        decide(db::State::Unsure);
    } else if (key == Qt::Key_Backspace) {
        undo();
    } else if (key == Qt::Key_H) {
        toggleHeatmap();
    } else if (key == Qt::Key_Right && m_position + 1 < m_images.size()) {
        showImage(m_position + 1);
    } else if (key == Qt::Key_Left && m_position > 0) {
        showImage(m_position - 1);
    } else if ((key == Qt::Key_Down || key == Qt::Key_Tab) && chips > 0) {
        m_chips->setCurrent((m_chips->current() + 1) % chips);
    } else if (key == Qt::Key_Up && chips > 0) {
        m_chips->setCurrent((m_chips->current() + chips - 1) % chips);
    } else if (key >= Qt::Key_1 && key <= Qt::Key_9 && key - Qt::Key_1 < chips) {
        m_chips->setCurrent(key - Qt::Key_1);
    } else {
        QWidget::keyPressEvent(event);
    }
}

} // namespace tagalign::app
