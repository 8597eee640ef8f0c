#include "app/pages/ComparePage.h"

#include "app/jobs/PilotSnapshot.h"
#include "app/pages/PictureList.h"
#include "db/ImageRepository.h"
#include "db/RunRepository.h"
#include "widgets/CompareView.h"

#include <QButtonGroup>
#include <QComboBox>
#include <QCompleter>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

namespace tagalign::app {

namespace {

constexpr std::size_t kFound = 60; ///< pictures listed for a search
constexpr int kRemembered = 50;    ///< prompts offered again

} // namespace

ComparePage::ComparePage(Workspace& workspace, QWidget* parent)
    : QWidget(parent),
      m_workspace(workspace),
      m_prompt(new QLineEdit(this)),
      m_left(new QComboBox(this)),
      m_modes(new QButtonGroup(this)),
      m_pictures(new PictureList(workspace, this)),
      m_list(new QListView(this)),
      m_listTitle(new QLabel(this)),
      m_all(new QPushButton(tr("Show all pictures"), this)),
      m_status(new QLabel(this)),
      m_view(new widgets::CompareView(this))
{
    m_prompt->setPlaceholderText(tr("What to look for, e.g. “rusty bolt”; Enter shows where"));
    m_prompt->setClearButtonEnabled(true);
    m_prompt->setAccessibleName(tr("Prompt"));
    auto* find = new QPushButton(tr("Find pictures"), this);
    find->setToolTip(tr("Rank all pictures by the prompt, with the trained head if there is one"));
    m_left->setToolTip(tr("What stands at the left: the model before training, or another run"));
    m_left->setAccessibleName(tr("Compare with"));
    m_left->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    auto* bar = new QHBoxLayout;
    bar->addWidget(m_prompt, 1);
    bar->addWidget(find);
    bar->addWidget(m_left);
    const auto addMode = [&](const QString& text, const QString& tip, widgets::CompareMode mode) {
        auto* button = new QToolButton(this);
        button->setText(text);
        button->setWhatsThis(tip); // the tool tip says why not, where it cannot be chosen
        button->setCheckable(true);
        button->setAutoRaise(true); // makes the chosen one stand out
        button->setChecked(mode == widgets::CompareMode::SideBySide);
        m_modes->addButton(button);
        bar->addWidget(button);
        connect(button, &QToolButton::clicked, this, [this, mode] { m_view->setMode(mode); });
    };
    addMode(tr("Side by side"), tr("Before at the left, after at the right"),
            widgets::CompareMode::SideBySide);
    addMode(tr("Swipe"), tr("One picture; drag the line between before and after"),
            widgets::CompareMode::Swipe);
    addMode(tr("Difference"), tr("After minus before, around zero"),
            widgets::CompareMode::Difference);
    m_list->setModel(m_pictures);
    m_list->setIconSize({12 * widgets::kGrid, 9 * widgets::kGrid});
    m_list->setFixedWidth(32 * widgets::kGrid);
    m_list->setUniformItemSizes(true);
    m_list->setAccessibleName(tr("Pictures"));
    m_listTitle->setWordWrap(true);
    m_all->hide();
    m_status->setForegroundRole(QPalette::PlaceholderText);
    auto* left = new QVBoxLayout;
    left->addWidget(m_listTitle);
    left->addWidget(m_list, 1);
    left->addWidget(m_all);
    auto* middle = new QHBoxLayout;
    middle->addLayout(left);
    middle->addWidget(m_view, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * widgets::kGrid, 2 * widgets::kGrid, 2 * widgets::kGrid,
                               2 * widgets::kGrid);
    layout->addLayout(bar);
    layout->addLayout(middle, 1);
    layout->addWidget(m_status);
    setFocusProxy(m_prompt);
    connect(m_prompt, &QLineEdit::returnPressed, this, &ComparePage::requestHeatmaps);
    connect(find, &QPushButton::clicked, this, &ComparePage::search);
    connect(m_all, &QPushButton::clicked, this, &ComparePage::listAll);
    connect(m_list->selectionModel(), &QItemSelectionModel::currentChanged, this,
            &ComparePage::showPicture);
    connect(&workspace, &Workspace::imagesChanged, this, &ComparePage::reload);
    connect(&workspace, &Workspace::headChanged, this, &ComparePage::listRuns);
    connect(&workspace, &Workspace::runsChanged, this, &ComparePage::listRuns);
    connect(m_left, qOverload<int>(&QComboBox::activated), this, &ComparePage::showRun);
    connect(&workspace.prompts, &PromptService::failed, this, [this] { m_status->clear(); });
    listRuns();
    reload();
}

void ComparePage::reload()
{
    struct Content
    {
        QList<db::Image> images;
        QStringList queries;
    };

    m_workspace.session.ask(
        this,
        [](db::Database& database) {
            return Content{db::ImageRepository(database.connection()).images(),
                           db::RunRepository(database.connection()).recentQueries(kRemembered)};
        },
        [this](const Content& content) {
            m_images = content.images;
            auto* completer = new QCompleter(content.queries, m_prompt);
            completer->setCaseSensitivity(Qt::CaseInsensitive);
            m_prompt->setCompleter(completer);
            listAll();
        });
}

void ComparePage::listAll()
{
    m_all->hide();
    list(m_images, tr("All pictures"));
}

void ComparePage::list(const QList<db::Image>& images, const QString& title)
{
    m_listTitle->setText(title);
    m_pictures->setImages(images);
    if (!images.isEmpty()) {
        m_list->setCurrentIndex(m_pictures->index(0));
    }
}

const db::Image* ComparePage::chosen() const
{
    const QModelIndex index = m_list->currentIndex();
    return index.isValid() ? &m_pictures->image(index.row()) : nullptr;
}

void ComparePage::showPicture()
{
    const db::Image* image = chosen();
    if (image == nullptr) {
        return;
    }
    m_view->setHeatmaps({}, {});
    m_workspace.loadImage(this, image->path, [this, id = image->id](const QImage& picture) {
        if (chosen() != nullptr && chosen()->id == id) {
            m_view->setImage(picture);
            requestHeatmaps(); // not before: a map never lies over another picture
        }
    });
}

void ComparePage::requestHeatmaps()
{
    const db::Image* image = chosen();
    const QString prompt = m_prompt->text().trimmed();
    if (image == nullptr || prompt.isEmpty()) {
        return;
    }
    m_status->setText(tr("Looking for “%1”…").arg(prompt));
    PromptService::Request request{m_workspace.project().absolutePath(image->path), image->sha256,
                                   prompt};
    if (const UsableRun* run = besideRun()) {
        request.beside = {run->model, headFile(m_workspace.project(), run->run)};
    }
    m_workspace.prompts.heatmaps(this, request,
                                 [this, id = image->id](const PromptService::Heatmaps& maps) {
                                     m_status->clear();
                                     if (chosen() != nullptr && chosen()->id == id) {
                                         showMaps(maps);
                                     }
                                 });
    m_workspace.session.ask(
        this,
        [prompt](db::Database& database) {
            db::RunRepository(database.connection()).rememberQuery(prompt);
        },
        [] {});
}

void ComparePage::search()
{
    const QString prompt = m_prompt->text().trimmed();
    if (prompt.isEmpty()) {
        m_prompt->setFocus();
        return;
    }
    std::vector<std::string> hashes;
    for (const db::Image& image : m_images) {
        hashes.push_back(image.sha256.toStdString());
    }
    m_status->setText(tr("Searching %1 pictures for “%2”…").arg(m_images.size()).arg(prompt));
    m_workspace.prompts.search(
        this, hashes, prompt, kFound,
        [this, prompt, images = m_images](const std::vector<model::pipeline::SearchHit>& before,
                                          const std::vector<model::pipeline::SearchHit>& after) {
            m_status->clear();
            QList<db::Image> found;
            for (const auto& hit : after.empty() ? before : after) {
                found.append(images.at(qsizetype(hit.image)));
            }
            list(found, after.empty() ? tr("Best for “%1”").arg(prompt)
                                      : tr("Best for “%1”, with the trained head").arg(prompt));
            m_all->show();
        });
}

void ComparePage::showMaps(const PromptService::Heatmaps& maps)
{
    const model::pipeline::HeatmapPair& used = maps.pair;
    widgets::MapScale right{used.low, used.high};
    widgets::MapScale left = right;
    widgets::Heatmap before = heatmapOf(used.before);
    if (maps.beside) {
        before = heatmapOf(maps.beside->after.value_or(maps.beside->before));
        left = {maps.beside->low, maps.beside->high};
        if (besideRun() != nullptr && besideRun()->isOfPresentModel) {
            left = right = {std::min(left.low, right.low), std::max(left.high, right.high)};
        }
    }
    m_view->setScales(left, right);
    m_view->setHeatmaps(before, used.after ? heatmapOf(*used.after) : widgets::Heatmap());
}

const UsableRun* ComparePage::besideRun() const
{
    const int row = m_left->currentIndex() - 1; // the first entry is the frozen model
    return row >= 0 && row < m_runs.size() ? &m_runs.at(row) : nullptr;
}

void ComparePage::listRuns()
{
    m_workspace.session.ask(
        this,
        [project = m_workspace.project()](const db::Database& database) {
            return usableRuns(project, database);
        },
        [this](const QList<UsableRun>& runs) {
            const db::RunId chosen = besideRun() != nullptr ? besideRun()->run.id : db::RunId{};
            m_runs = runs;
            m_left->clear();
            m_left->addItem(tr("Before training"));
            for (const UsableRun& usable : m_runs) {
                m_left->addItem(tr("Run %1 (%2, %3)")
                                    .arg(usable.run.folder, usable.run.name, usable.modelTitle));
                if (chosen == usable.run.id) {
                    m_left->setCurrentIndex(m_left->count() - 1);
                }
            }
            showRun();
        });
}

void ComparePage::showRun()
{
    const auto& run = m_workspace.run();
    const UsableRun* beside = besideRun();
    const bool isOneModel = beside == nullptr || beside->isOfPresentModel;
    for (QAbstractButton* mode : m_modes->buttons()) {
        mode->setEnabled(isOneModel);
        mode->setToolTip(isOneModel ? mode->whatsThis()
                                    : tr("Maps of two models have a scale each, so that they can "
                                         "only stand side by side"));
    }
    m_view->setNames(
        beside != nullptr ? m_left->currentText() : tr("Before: the model as it came"),
        !run ? tr("After: no trained head yet; see Train")
        : isOneModel
            ? tr("After: run %1 (%2)").arg(run->folder, run->name)
            : tr("Run %1 (%2, %3)").arg(run->folder, run->name, modelOf(run->snapshot).title));
    requestHeatmaps();
}

} // namespace tagalign::app
