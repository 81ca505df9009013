# mmcomp run configs/wechat/recipe_ladder.py        (three seeds: tools/benchmarks/wechat_ladder.py)
# What each step of recipe_small.py adds, by a training without it. Some minutes on a core.
# Scores: tools/benchmarks/README.md. Weights: none.
_base_ = ['./recipe_small.py']
title = 'Video and text: what each step adds'
plain = dict(_base_.fine_tuning, custom_hooks=[])
averaged = dict(_base_.fine_tuning, custom_hooks=[_base_.average])
scratch = dict(init_cfg=None)
single, double = dict(_base_.single, **scratch), dict(_base_.double, **scratch)
empty = dict(type='AssembleText', policy='quota', budgets=dict(title=0, asr=0, ocr=0))
frames_alone = dict(_base_.test_set, pipeline=[_base_.test_set['pipeline'][0], empty, _base_.ending[1]])
frames_drawn = dict(_base_.train_set, pipeline=[_base_.train_set['pipeline'][0], empty, _base_.ending[1]])
text_alone = dict(_base_.test_set, pipeline=[_base_.ending[0], dict(type='PackModalities', modalities=['text'])])
bert = _base_.bert
pgd = dict(type='AdversarialTrainingHook', method='PGD', key='word_embeddings', eps=0.3, alpha=0.1, steps=3)
metric_steps = {
    'words alone': '@test_text', 'frames alone': '@test_frames', 'single stream': '@test_single_plain',
    'double stream': '@test_double_plain', 'single stream, pre-trained': '@test_single_pre',
    'double stream, pre-trained': '@test_double_pre', 'single, moving average, best 4': '@test_single_average',
    'single, PGD': '@test_single_pgd', 'single, FGM': '@test[member=single]', 'double, FGM': '@test[member=double]',
    'single, student of both': '@test[member=student]', 'fused': '@fused', 'rare classes raised': '@boost'}
stages = dict(
    text=dict(type='Train', config='single-fixed.py', options=dict(plain, model=dict(
        scratch, encoders=dict(_delete_=True, text=dict(bert, type='WordEmbeddings')), head=_base_.head,
        fusion=dict(bert, order=['text'])), **{f'{name}_dataloader': dict(dataset=text_alone, **_base_.alone)
                                               for name in ('train', 'val', 'test')})),
    frames=dict(type='Train', config='single-fixed.py', options=dict(
        plain, model=single, train_dataloader=dict(dataset=frames_drawn, **_base_.alone),
        **{f'{name}_dataloader': dict(dataset=frames_alone, **_base_.alone) for name in ('val', 'test')})),
    single_plain=dict(type='Train', config='single-fixed.py', options=dict(plain, model=single)),
    double_plain=dict(type='Train', config='double-fixed.py', options=dict(plain, model=double)),
    single_pre=dict(type='Train', config='single-fixed.py', start='@single_pretrain.weights',
                    options=dict(plain, model=_base_.single)),
    double_pre=dict(type='Train', config='double-fixed.py', start='@double_pretrain.weights',
                    options=dict(plain, model=_base_.double)),
    single_average=dict(type='Train', config='single-fixed.py', start='@single_pretrain.weights',
                        options=dict(averaged, model=_base_.single)),
    single_average_soup=dict(type='Soup', model='@single_average'),
    single_pgd=dict(type='Train', config='single-fixed.py', start='@single_pretrain.weights', options=dict(
        averaged, custom_hooks=[_base_.average, pgd], model=_base_.single)),
    single_pgd_soup=dict(type='Soup', model='@single_pgd'),
    **{f'test_{name}': dict(type='Predict', model=f'@{name}') for name in (
        'text', 'frames', 'single_plain', 'double_plain', 'single_pre', 'double_pre')},
    test_single_average=dict(type='Predict', model='@single_average_soup'),
    test_single_pgd=dict(type='Predict', model='@single_pgd_soup'),
    score=dict(_delete_=True, type='Score', truth='@data.truth', classes='@data.classes', metric=_base_.score,
               steps=metric_steps),
    macro=dict(type='Score', truth='@data.truth', classes='@data.classes', metric='macro_f1', steps=metric_steps))
